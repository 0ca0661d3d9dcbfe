/** What every run of `cryptopolicy` loads before its command is known: start-up is most of the time of a short run. */
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { ROOT } from './command.ts'

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
