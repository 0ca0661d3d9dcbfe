/** What a run of `cryptopolicy` loads, before its command is known and after: start-up is most of the time of a short run. */
import { cpSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { ROOT, runFile, scratchFolder } from './command.ts'

const ENTRY = 'src/cli/programs/cryptopolicy.ts'

/** The sources that a program imports at once, not those that it imports when it needs them. */
async function loadedAtOnce(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    ...{ absWorkingDir: ROOT, entryPoints: [entry], outdir: 'never', write: false, metafile: true },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', packages: 'external' },
  })
  const { outputs } = metafile
  const first = Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === entry)
  const loaded = new Set(first)
  for (const name of loaded) {
    const imports = outputs[name]?.imports ?? []
    for (const { path, kind } of imports) if (kind !== 'dynamic-import') loaded.add(path)
  }
  return [...loaded].flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}))
}

test('a run begins without what single commands need', async () => {
  const sources = await loadedAtOnce(ENTRY)
  expect(sources).toContain(ENTRY)
  const folders = sources.flatMap((path) => /^src\/(\w+)\//.exec(path)?.[1] ?? [])
  expect([...new Set(folders)].toSorted()).toEqual([
    ...['cache', 'cli', 'diagnostics', 'net', 'options', 'priority', 'system'],
  ])
})

/** The files of ours that a run loads, as Node.js tells when it is asked to. */
function loadedFiles(args: readonly string[]): readonly string[] {
  const launcher = join(ROOT, 'bin', 'cryptopolicy')
  const { stderr } = runFile(launcher, args, { env: { NODE_DEBUG: 'module' } })
  const found = [...stderr.matchAll(/ load ".*\/dist\/([^"/]+)" for module /g)]
  return [...new Set(found.flatMap(([, name = '']) => name))].toSorted()
}

test.each([
  ['--help', []],
  ['show DEFAULT', ['policy']],
  ['explain DEFAULT', ['backends', 'policy']],
  ['list SECURE', ['certificates']],
  ['qmp none query-version', ['qmp']],
  ['nbd info nbd+unix:///?socket=none', ['certificates', 'nbd', 'tls']],
  ['pki check .', ['certificates', 'pki']],
])('`cryptopolicy %s` loads few files, and none that others need', (line, packs) => {
  const files = packs.map((pack) => `cryptopolicy.${pack}.cjs`)
  expect(loadedFiles(line.split(' '))).toEqual(['cryptopolicy.cjs', ...files].toSorted())
})

test.each([
  ['is missing', (pack: string) => rmSync(pack)],
  ['is cut off', (pack: string) => truncateSync(pack, 1000)],
])('a file of ours that %s is named', (_, damage) => {
  const copy = scratchFolder()
  for (const name of ['bin', 'dist', 'package.json']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  }
  const pack = join(copy, 'dist', 'cryptopolicy.nbd.cjs')
  damage(pack)
  const env = { CRYPTOPOLICY_NODE: process.execPath }
  const args = ['nbd', 'info', 'nbd+unix:///?socket=none']
  expect(runFile(join(copy, 'bin', 'cryptopolicy'), args, { env })).toMatchObject({
    status: 69,
    stderr: `error: ${pack} is missing or damaged; run npm ci in the checkout\n`,
  })
})
