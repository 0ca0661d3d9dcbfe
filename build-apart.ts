/**
 * Builds a program that starts soon: one file of CommonJS, and one more for each file of ours that it imports
 * only where it is needed.
 *
 * What both need is in the program's file alone, and the others import it from there: nothing is compiled and
 * computed twice in one run.
 */
import { basename, join } from 'node:path'
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild'

/** Files that are imported from the program, and the names that are imported from each. */
type Uses = ReadonlyMap<string, ReadonlySet<string>>

/** The package that every program has, and from which all names are imported one by one. */
const PACKAGE_OF_PROGRAM = 'commander'

/** What stands before the name of such a file until its names are known. */
const OF_PROGRAM = 'program:'

/** @param options For files of CommonJS. */
export async function buildApart(program: string, options: BuildOptions): Promise<void> {
  const root = options.absWorkingDir ?? process.cwd()
  const prefix = `${basename(program, '.ts')}-`
  const { files, later } = await findFiles(program, options, prefix)
  const parts = await bundleParts(later, files, options, prefix)
  const uses = collectUses([...parts.values()])
  const output = `${basename(program, '.ts')}.cjs`
  const stdin = (contents: string): BuildOptions => ({
    stdin: { contents, resolveDir: root, loader: 'js' },
  })
  await build({
    ...withPlugin(options, importLater([], prefix)),
    ...stdin(`import './${program}'\n${printExports(uses, root)}`),
    outfile: join('dist', output),
  })
  for (const [name, text] of parts) {
    await build({
      ...withPlugin(options, importFromProgram(uses, output, prefix)),
      ...stdin(text),
      outfile: join('dist', `${prefix}${name.replace(/\.js$/, '.cjs')}`),
    })
  }
}

function withPlugin({ outdir: _, plugins = [], ...options }: BuildOptions, plugin: Plugin) {
  return { ...options, plugins: [plugin, ...plugins] }
}

/** The files of a program, and those that it imports later. */
async function findFiles(program: string, options: BuildOptions, prefix: string) {
  const later: string[] = []
  const { metafile } = await build({
    ...withPlugin(options, importLater(later, prefix)),
    ...{ entryPoints: [program], outdir: 'dist', write: false, metafile: true },
  })
  const inputs = Object.values((metafile as Metafile).outputs).flatMap(({ inputs }) =>
    Object.entries(inputs),
  )
  const used = inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []))
  const root = options.absWorkingDir ?? process.cwd()
  return { files: new Set(used.map((path) => join(root, path))), later }
}

/** A file that is imported only where it is needed is a file of the output: another for each program. */
function importLater(later: string[], prefix: string): Plugin {
  return {
    name: 'import-later',
    setup(context) {
      context.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined
        const file = join(resolveDir, path)
        if (!later.includes(file)) later.push(file)
        return { path: `./${prefix}${basename(path, '.ts')}.cjs`, external: true }
      })
    },
  }
}

/** What is imported later, as ES modules, by the names of their files; what they share has a file of its own. */
async function bundleParts(
  later: string[],
  ofProgram: ReadonlySet<string>,
  options: BuildOptions,
  prefix: string,
): Promise<ReadonlyMap<string, string>> {
  const known = later.length
  const { outputFiles = [] } = await build({
    ...withPlugin(withPlugin(options, importLater(later, prefix)), leaveOut(ofProgram)),
    ...{ entryPoints: [...later], entryNames: '[name]', chunkNames: 'shared-[hash]' },
    ...{ outdir: 'dist', outExtension: {}, write: false, format: 'esm', splitting: true },
    // What licences ask for is collected where the text of a part is built once more.
    ...{ supported: {}, legalComments: 'inline' },
  })
  // They may import others.
  if (later.length > known) return bundleParts(later, ofProgram, options, prefix)
  return new Map(outputFiles.map(({ path, text }) => [basename(path), text]))
}

function leaveOut(files: ReadonlySet<string>): Plugin {
  return {
    name: 'leave-out',
    setup(context) {
      context.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
        const file = join(resolveDir, path)
        const isThere = kind === 'import-statement' && files.has(file)
        return isThere ? { path: `${OF_PROGRAM}${file}`, external: true } : undefined
      })
      context.onResolve({ filter: new RegExp(`^${PACKAGE_OF_PROGRAM}$`) }, ({ path }) => ({
        ...{ path: `${OF_PROGRAM}${path}`, external: true },
      }))
    },
  }
}

/** The names that outputs of esbuild import from the program. */
function collectUses(texts: readonly string[]): Uses {
  const uses = new Map<string, Set<string>>()
  for (const text of texts) {
    for (const [, list = '', file = ''] of text.matchAll(
      /import([^"']*)from\s*"program:([^"]+)"/g,
    )) {
      const names = /^\s*\{(.*)\}\s*$/s.exec(list)?.[1]
      if (names === undefined) throw new Error(`${file}: import it by names`)
      const known = uses.get(file) ?? new Set()
      for (const name of names.split(',')) known.add(name.trim().split(/\s+as\s+/)[0] ?? '')
      uses.set(file, known)
    }
  }
  return uses
}

/** What the program calls a name of one of its files for others. */
function exportName(file: string, name: string, root: string): string {
  return JSON.stringify(`${file.replace(`${root}/`, '')} ${name}`)
}

function printExports(uses: Uses, root: string): string {
  return [...uses]
    .flatMap(([file, names]) =>
      [...names].map(
        (name) =>
          `export { ${name} as ${exportName(file, name, root)} } from ${JSON.stringify(file)}`,
      ),
    )
    .join('\n')
}

function importFromProgram(uses: Uses, output: string, prefix: string): Plugin {
  const namespace = 'of-program'
  return {
    name: 'import-from-program',
    setup(context) {
      const root = context.initialOptions.absWorkingDir ?? process.cwd()
      context.onResolve({ filter: /^program:/ }, ({ path }) => ({
        ...{ path: path.slice(OF_PROGRAM.length), namespace, sideEffects: false },
      }))
      context.onLoad({ filter: /./, namespace }, ({ path }) => {
        const names = [...(uses.get(path) ?? [])].map(
          (name) => `${exportName(path, name, root)} as ${name}`,
        )
        return { contents: `export { ${names.join(', ')} } from './${output}'` }
      })
      context.onResolve({ filter: /^\.\/[^/]+\.cjs$/ }, ({ path }) => ({ path, external: true }))
      // What they share has been named by esbuild.
      context.onResolve({ filter: /^\.\/[^/]+\.js$/ }, ({ path }) => ({
        ...{ path: `./${prefix}${basename(path, '.js')}.cjs`, external: true },
      }))
    },
  }
}
