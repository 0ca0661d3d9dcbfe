import { copyFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, scratchFolder, writeFiles } from './cli/command.ts'
import { spawnSync } from './peers/child-process.ts'

/** Folder and import, each in a file of its own: the check must refuse it. */
const FORBIDDEN = [
  ['nbd', 'node:tls'],
  ['cli', 'node:tls'],
  ['algorithms', '../policy/probe.ts'],
  ['diagnostics', '../algorithms/probe.ts'],
  ['policy', '../backends/probe.ts'],
  ['policy', '../system/probe.ts'],
  ['policy', 'node:fs'],
  ['policy/lint', '../../system/probe.ts'],
  ['backends', '../system/probe.ts'],
  ['backends', 'node:os'],
  ['priority', '../policy/probe.ts'],
  ['system', '../cli/probe.ts'],
  ['nbd/protocol', 'node:net'],
  ['nbd/protocol', '../../net/probe.ts'],
  ['report', '../system/probe.ts'],
  ['tls', '../policy/probe.ts'],
  ['tls', '../endpoint/probe.ts'],
  ['x509', '../tls/probe.ts'],
  ['asn1', '../x509/probe.ts'],
  ['wire', '../net/probe.ts'],
  ['wire', 'node:net'],
  ['net', '../tls/probe.ts'],
  ['options', '../tls/probe.ts'],
  ['files', '../system/probe.ts'],
  ['pki', '../nbd/probe.ts'],
  ['endpoint', '../nbd/probe.ts'],
  ['unlisted', '../diagnostics/probe.ts'],
] as const

/** The check must let these pass. */
const ALLOWED = [
  ['policy', '../algorithms/probe.ts'],
  ['policy/lint', '../../algorithms/probe.ts'],
  ['policy', 'node:buffer'],
  ['backends', '../policy/probe.ts'],
  ['system', 'node:fs'],
  ['system', '../files/probe.ts'],
  ['tls', '../x509/probe.ts'],
  ['tls', 'node:tls'],
  ['nbd', '../endpoint/probe.ts'],
  ['nbd/protocol', '../../wire/probe.ts'],
  ['cli', '../system/probe.ts'],
] as const

/** Folders that import each other, the third one's files by way of both. */
const CYCLE_OF_FOLDERS = {
  'src/nbd/one.ts': "import type { two } from './client/two.ts'\nexport type one = two\n",
  'src/nbd/client/two.ts':
    "import type { three } from '../copy/three.ts'\nexport type two = three\n",
  'src/nbd/copy/three.ts': "import type { four } from '../four.ts'\nexport type three = four\n",
  'src/nbd/four.ts': 'export type four = 1\n',
}

type Probe = readonly [folder: string, imported: string]

/** Two files that import each other. */
const CYCLE = {
  'src/nbd/one.ts': "import type { two } from './two.ts'\nexport type one = two\n",
  'src/nbd/two.ts': "import type { one } from './one.ts'\nexport type two = one\n",
}

/** Checks the imports, as if each stood in a file of its folder; gives the lines that it prints. */
function findViolations(
  probes: readonly Probe[],
  others: Readonly<Record<string, string>> = {},
): readonly string[] {
  const root = scratchFolder()
  for (const name of CHECK) copyFileSync(join(ROOT, name), join(root, name))
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  const files: Record<string, string> = { 'package.json': '{ "type": "module" }', ...others }
  for (const [index, [folder, imported]] of probes.entries()) {
    files[fileOf(folder, index)] = `export { x } from '${imported}'\n`
    if (imported.startsWith('.')) files[join('src', folder, imported)] ??= 'export const x = 1\n'
  }
  writeFiles(root, files)
  const { stderr } = spawnSync(process.execPath, ['check-imports.ts'], {
    cwd: root,
    encoding: 'utf8',
    timeout: 120_000,
  })
  return stderr.split('\n').filter(Boolean)
}

const CHECK = ['check-imports.ts', 'import-directions.ts', 'folder-cycles.ts']

function fileOf(folder: string, index: number): string {
  return `src/${folder}/probe-${index}.ts`
}

test('the check refuses every import against the direction', () => {
  const lines = findViolations(FORBIDDEN)
  const isRefused = (file: string) =>
    lines.some((line) => line.startsWith('error: ') && line.includes(`: ${file} -> `))
  const passed = FORBIDDEN.filter(([folder], index) => !isRefused(fileOf(folder, index)))
  expect(passed).toEqual([])
})

test('the check lets imports in the direction pass', () => {
  expect(findViolations(ALLOWED)).toEqual([])
})

test('the check finds files that import each other, of types too', () => {
  const [line] = findViolations([], CYCLE)
  expect(line).toMatch(/: no-cycle-of-files: src\/nbd\/\w+\.ts -> src\/nbd\/\w+\.ts/)
})

test('the check finds folders that import each other, by way of others too', () => {
  const lines = findViolations([], CYCLE_OF_FOLDERS)
  expect(lines).toEqual([
    expect.stringMatching(/^error: no-cycle-of-folders: src\/nbd.*src\/nbd.*src\/nbd/),
  ])
})
