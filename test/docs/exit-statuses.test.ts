/** The section EXIT STATUS of each manual page: only what the program has, and all that its commands end with. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { scratchFolder } from '../cli/command.ts'
import { runInProcess } from '../cli/in-process.ts'
import { PAGES, readPage, readSection } from './pages.ts'

const UPDATE_POLICIES = 'docs/update-policies.8.md'
const MANUAL = PAGES.filter((path) => /\.[18]\.md$/.test(path))

/** As in `64 wrong usage;`, in `- 64 - wrong usage` and in `| 64 | wrong usage |`. */
function statusesOn(path: string): readonly number[] {
  const section = readSection(readPage(path), 'EXIT STATUS')
  return [...section.matchAll(/(?:^(?:- |\| )?|; )(\d+) /gm)].map((match) => Number(match[1]))
}

test.each(MANUAL)('%s tells of statuses in their order, each once', (path) => {
  const statuses = statusesOn(path)
  expect(statuses).toEqual([...new Set(statuses)].toSorted((one, other) => one - other))
  expect(statuses[0]).toBe(EXIT.done)
})

test('the page of the program tells of all statuses, and those of its commands of no other', () => {
  const all = Object.values(EXIT)
  expect(statusesOn('docs/cryptopolicy.1.md')).toEqual(all)
  const own = MANUAL.filter((path) => path !== UPDATE_POLICIES)
  for (const path of own)
    expect([path, ...all]).toEqual(expect.arrayContaining([path, ...statusesOn(path)]))
})

function pageOf(words: readonly string[]): string {
  const names = words.map((_, index) => ['cryptopolicy', ...words.slice(0, index + 1)].join('-'))
  const pages = names.map((name) => `docs/${name}.1.md`).filter((path) => PAGES.includes(path))
  return pages.at(-1) ?? 'no page'
}

/** FILE is one that is not there, one that holds nothing of use, and a folder. */
const COMMAND_LINES = [
  ...['audit', 'audit replay FILE', 'audit diff FILE FILE', 'audit localhost:1 --policy NOSUCH'],
  ...['authz', 'authz test FILE', 'authz test FILE --objects FILE'],
  ...['build', 'build FILE OUT', 'build FILE OUT --policy NOSUCH'],
  ...['chardev', 'chardev connect --chardev socket,host=localhost,port=1 --objects FILE'],
  'chardev connect --chardev socket,path=FILE',
  ...['convert', 'convert @NOSUCH --to openssl --config FILE', 'convert NOSUCH --to openssl'],
  ...[
    'diff',
    'diff NOSUCH DEFAULT',
    'diff DEFAULT NOSUCH',
    'diff --priority @SYSTEM NORMAL --config FILE',
  ],
  ...['endpoint', 'endpoint check FILE', 'endpoint run FILE', 'endpoint run FILE --frob'],
  ...['explain', 'explain NOSUCH --value AES-256-GCM', 'explain DEFAULT --value NOSUCH'],
  'explain --priority @SYSTEM --value NOSUCH --config FILE',
  ...['lint FILE.pol', 'lint NOSUCH', 'lint --frob', 'lint --fix'],
  ...['list --priority NOSUCH', 'list --priority @SYSTEM --config FILE', 'list --frob'],
  ...[
    'migrate',
    'migrate inspect FILE',
    'migrate inspect FILE FILE',
    'migrate inspect --ram FILE --out OUT',
  ],
  ...[
    'migrate send --input FILE --to unix:FILE',
    'migrate send',
    'migrate bench --to localhost:1 --objects FILE',
  ],
  ...['migrate relay --map FILE', 'migrate relay', 'migrate relay --map FILE --objects FILE'],
  ...['migrate receive', 'migrate receive --listen unix:FILE/x --objects FILE OUT'],
  ...[
    'migrate preflight',
    'migrate preflight --to localhost:1 --objects FILE',
    'migrate preflight --to localhost:1',
  ],
  ...[
    'nbd',
    'nbd serve --objects FILE',
    'nbd serve --frob',
    'nbd serve FILE --offset 999M --socket FILE/x',
  ],
  ...['nbd info nbd://localhost:1', 'nbd info nbds://localhost:1 --objects FILE', 'nbd info FILE'],
  ...[
    'nbd copy FILE nbd://localhost:1',
    'nbd list nbd://localhost:1',
    'nbd copy FILE /nonexistent/x',
  ],
  ...[
    'pki',
    'pki check FILE',
    'pki sign server FILE FILE',
    'pki issue server FILE',
    'pki init FILE --days 0',
  ],
  ...['pki renew FILE', 'pki revoke FILE', 'pki import FILE OUT', 'pki init FILE/x'],
  ...['plan --set NOSUCH', 'plan --frob', 'plan --base-dir FILE'],
  ...['qmp', 'qmp FILE quit', 'qmp FILE quit --objects FILE', 'qmp FILE --file FILE'],
  ...['resolve', 'resolve @NOSUCH --config FILE', 'resolve --app libvirt --app-dir FILE'],
  ...['show NOSUCH', 'show DEFAULT --backend nosuch', 'show DEFAULT --scope nosuch', 'show --frob'],
]

test.each(COMMAND_LINES)('what `cryptopolicy %s` ends with is on its page', async (line) => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'useless'), 'x: [\n')
  writeFileSync(join(folder, 'useless.pol'), 'x: [\n')
  mkdirSync(join(folder, 'folder'))
  const files = line.includes('FILE') ? ['missing', 'useless', 'folder'] : ['missing']
  for (const name of files) {
    const words = line
      .split(' ')
      .map((word) => word.replace('FILE', join(folder, name)).replace('OUT', join(folder, 'out')))
    const { status, stderr } = await runInProcess(words)
    const page = pageOf(words)
    expect([page, words, stderr, ...statusesOn(page)]).toContain(status)
  }
})

test.each([
  ['--show', 0],
  ['--set NOSUCH', 1],
  ['--frob', 2],
  ['--is-applied', 77],
])('update-policies %s ends with %i, which is on its page', async (line, expected) => {
  const args = [...line.split(' '), '--base-dir', scratchFolder()]
  const { status } = await runInProcess(args, { program: 'update-policies' })
  expect([status, ...statusesOn(UPDATE_POLICIES)]).toEqual([
    expected,
    ...statusesOn(UPDATE_POLICIES),
  ])
  expect(statusesOn(UPDATE_POLICIES)).toContain(status)
})
