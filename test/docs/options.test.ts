import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../cli/command.ts'
import { runInProcess } from '../cli/in-process.ts'
import { listHeadings, PAGES, readPage, readSection } from './pages.ts'

const SECTIONS = [
  'NAME',
  'SYNOPSIS',
  'DESCRIPTION',
  'EXAMPLES',
  'OPTIONS',
  'EXIT STATUS',
  'SEE ALSO',
]

type Program = 'cryptopolicy' | 'update-policies'

async function helpOf(program: Program, words: readonly string[]): Promise<string> {
  return (await runInProcess([...words, '--help'], { program })).stdout
}

/** The commands that `--help` lists, of the program or of a group. */
async function listCommands(program: Program, group: readonly string[] = []) {
  return [...(await helpOf(program, group)).matchAll(/^ {2}([a-z]+) /gm)]
    .map((match) => match[1] ?? '')
    .filter((name) => name !== 'help')
}

function pageOf(words: readonly string[]): string {
  return `docs/${['cryptopolicy', ...words].join('-')}.1.md`
}

/** The page of a group explains the options of all its commands that have no page of their own. */
async function listHelpOptions(program: Program, args: readonly string[]) {
  const names = args.length > 0 ? await listCommands(program, args) : []
  const commands = names.map((name) => [...args, name])
  const shared = commands.filter((words) => !PAGES.includes(pageOf(words)))
  const helps: string[] = []
  for (const words of [args, ...shared]) helps.push(await helpOf(program, words))
  const options = helps.flatMap((help) => [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)])
  return [...new Set(options.map((match) => match[1]))].toSorted()
}

function listPageOptions(path: string) {
  const options = readSection(readPage(path), 'OPTIONS')
  return [...options.matchAll(/^- `(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1]).toSorted()
}

function checkManualPage(path: string, program: Program, args: string[]): void {
  describe(path, () => {
    test('has the sections of a manual page, in order', () => {
      const headings = listHeadings(readPage(path))
      expect(headings.filter((heading) => SECTIONS.includes(heading))).toEqual(SECTIONS)
    })

    test('explains every option of --help and no other', async () => {
      expect(listPageOptions(path)).toEqual(await listHelpOptions(program, args))
    })
  })
}

checkManualPage('docs/update-policies.8.md', 'update-policies', [])
checkManualPage('docs/cryptopolicy.1.md', 'cryptopolicy', [])

const COMMANDS = (await listCommands('cryptopolicy')).map((name) => [name])
const WITHIN_GROUPS: string[][] = []
for (const group of COMMANDS) {
  const names = await listCommands('cryptopolicy', group)
  WITHIN_GROUPS.push(...names.map((name) => [...group, name]))
}
const WITH_PAGE = [...COMMANDS, ...WITHIN_GROUPS.filter((words) => PAGES.includes(pageOf(words)))]
for (const words of WITH_PAGE) checkManualPage(pageOf(words), 'cryptopolicy', words)

test('every page of a command belongs to a command', () => {
  const pages = PAGES.filter((path) => path.startsWith('docs/cryptopolicy-'))
  expect(pages.toSorted()).toEqual(WITH_PAGE.map(pageOf).toSorted())
})

for (const path of PAGES) {
  test(`${path} links to files that are there`, () => {
    const links = [...readPage(path).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
    const broken = links
      .map((match) => join(ROOT, dirname(path), match[1] ?? ''))
      .filter((target) => !existsSync(target))
    expect(broken).toEqual([])
  })
}

test('--help lists every command in one line of a small terminal, in the order of the page', async () => {
  const page = [...readPage('docs/cryptopolicy.1.md').matchAll(/^\| \[(\w+)\]\(/gm)]
  expect(await listCommands('cryptopolicy')).toEqual(page.map(([, name]) => name))
  for (const group of [[], ...COMMANDS]) {
    const lines = (await helpOf('cryptopolicy', group)).split('\n')
    const first = lines.findIndex((line) => /^ {2}[a-z]+ /.test(line))
    const continued = lines.slice(first).filter((line) => /^ {3}/.test(line))
    if (first >= 0) expect(continued, group.join(' ')).toEqual([])
  }
})
