import { spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, scratchFolder, writeFiles } from './cli/command.ts'

/** Folder and line, each in a file of its own: the linter must refuse it. */
const FORBIDDEN = [
  ['nbd', "export { x } from 'node:tls'"],
  ['cli', "export { x } from 'node:tls'"],
  ['algorithms', "export { x } from '../policy/policy.ts'"],
  ['diagnostics', "export { x } from '../algorithms/cipher.ts'"],
  ['policy', "export { x } from '../backends/registry.ts'"],
  ['policy', "export { x } from '../system/apply.ts'"],
  ['policy', "export { x } from 'node:fs'"],
  ['policy/lint', "export { x } from '../../system/apply.ts'"],
  ['backends', "export { x } from '../system/apply.ts'"],
  ['backends', "export { x } from 'node:os'"],
  ['priority', "export { x } from '../policy/policy.ts'"],
  ['system', "export { x } from '../cli/program.ts'"],
  ['nbd', "export { x } from '../migration/stream.ts'"],
  ['nbd/protocol', "export { x } from 'node:net'"],
  ['report', "export { x } from '../system/apply.ts'"],
  ['tls', "export { x } from '../policy/policy.ts'"],
  ['files', "export { x } from '../system/apply.ts'"],
  ['pki', "export { x } from '../nbd/report.ts'"],
] as const

/** The linter must let these pass. */
const ALLOWED = [
  ['policy', "export { x } from '../algorithms/cipher.ts'"],
  ['policy/lint', "export { x } from '../../algorithms/cipher.ts'"],
  ['policy', "export { x } from 'node:buffer'"],
  ['backends', "export { x } from '../policy/policy.ts'"],
  ['system', "export { x } from 'node:fs'"],
  ['tls', "export { x } from '../priority/evaluate.ts'"],
  ['system', "export { x } from '../files/file-lock.ts'"],
  ['pki', "export { x } from '../files/file-lock.ts'"],
  ['cli', "export { x } from '../system/apply.ts'"],
] as const

type Finding = { readonly path: string; readonly category: string }

/** Lints the lines, as if each stood in a file of its folder; gives the files that break a rule. */
function lintLines(
  lines: readonly (readonly [folder: string, line: string])[],
): ReadonlySet<string> {
  const root = scratchFolder()
  for (const name of ['biome.json', '.gitignore']) copyFileSync(join(ROOT, name), join(root, name))
  writeFiles(
    root,
    Object.fromEntries(lines.map(([folder, line], index) => [fileOf(folder, index), `${line}\n`])),
  )
  const biome = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
  const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', 'src']
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  const findings: readonly Finding[] = JSON.parse(stdout).diagnostics.map(
    ({ category, location }: { category: string; location: { path: string } }) => ({
      category,
      path: location.path,
    }),
  )
  const broken = findings.filter(({ category }) => category.endsWith('noRestrictedImports'))
  return new Set(broken.map(({ path }) => path))
}

function fileOf(folder: string, index: number): string {
  return `src/${folder}/probe-${index}.ts`
}

test('the linter refuses every import against the direction', () => {
  const broken = lintLines(FORBIDDEN)
  expect(FORBIDDEN.filter(([folder], index) => !broken.has(fileOf(folder, index)))).toEqual([])
})

test('the linter lets imports in the direction pass', () => {
  expect(lintLines(ALLOWED)).toEqual(new Set())
})
