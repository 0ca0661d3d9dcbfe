/** Builds what ships: command lines and library bundled into dist/, with the library's types. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { buildApart } from './build-apart.ts'

const root = import.meta.dirname

rmSync(join(root, 'dist'), { recursive: true, force: true })

/** What stands in for an import of one of Node's modules in a package. */
const LAZY: Readonly<Record<string, string>> = {
  'node:fs': `module.exports = process.getBuiltinModule('node:fs')`,
  // Commander wants it for executable subcommands, which there are none of.
  'node:child_process': `exports.spawn = (...args) => process.getBuiltinModule('node:child_process').spawn(...args)`,
  // An import of it opens the standard streams.
  'node:process': 'module.exports = globalThis.process',
}

/** Keeps some of Node's modules from being loaded at start-up, which takes longer than all of ours. */
const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup(context) {
    context.onResolve({ filter: /^node:(fs|os|child_process|process)$/ }, ({ path, importer }) => {
      const isOurs = !importer.includes('node_modules')
      if (isOurs && !/^node:(fs|os)$/.test(path)) return undefined
      return { path, namespace: isOurs ? 'lazy-import' : 'lazy-require' }
    })
    context.onLoad({ filter: /./, namespace: 'lazy-require' }, ({ path }) => ({
      contents: LAZY[path] ?? `module.exports = process.getBuiltinModule('${path}')`,
    }))
    context.onLoad({ filter: /./, namespace: 'lazy-import' }, ({ path }) => ({
      contents: `const loaded = process.getBuiltinModule('${path}')\nexport const { ${plainNames(path)} } = loaded`,
    }))
  },
}

/** What a module exports but its getters: those of node:fs load streams and promises. */
function plainNames(path: string): string {
  const properties = Object.getOwnPropertyDescriptors(process.getBuiltinModule(path))
  const names = Object.entries(properties).flatMap(([name, { get }]) => (get ? [] : [name]))
  return names.join(', ')
}

/**
 * Chalk asks at start-up what the terminal can do, which loads two more of Node's modules. We tell
 * it which level to use.
 */
const colorSupport: Plugin = {
  name: 'color-support',
  setup(context) {
    context.onResolve({ filter: /^#supports-color$/ }, ({ path }) => ({ path, namespace: 'color' }))
    context.onLoad({ filter: /./, namespace: 'color' }, () => ({
      contents: 'export default { stdout: false, stderr: false }',
    }))
  },
}

/** What programs import as `cryptopolicy/PART`. */
const LIBRARY_PARTS = ['chardev', 'convert', 'nbd', 'pki', 'policy', 'priority', 'qmp', 'tls']

const options: BuildOptions = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  plugins: [lazyModules, colorSupport],
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
}

/**
 * Node starts one file of CommonJS soonest: each file more takes a millisecond to load, and its loader of
 * ES modules takes ten.
 */
const fastStart: BuildOptions = {
  ...options,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  banner: {},
  define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__filename' },
  // It would load the loader of ES modules after all.
  supported: { 'dynamic-import': false },
}

// Package scripts, services that start and audits of many hosts run them.
await buildApart('src/cli/programs/update-policies.ts', fastStart)
await buildApart('src/cli/programs/cryptopolicy-audit.ts', fastStart)
await build({
  ...fastStart,
  entryPoints: { 'cryptopolicy-resolve': 'src/cli/programs/cryptopolicy-resolve.ts' },
})
await build({
  ...options,
  entryPoints: {
    cryptopolicy: 'src/cli/programs/cryptopolicy.ts',
    index: 'src/index.ts',
    ...Object.fromEntries(LIBRARY_PARTS.map((name) => [name, `src/library/${name}.ts`])),
  },
  splitting: true,
})

// Mutated sources have no types worth writing.
if (!process.argv.includes('--no-types')) {
  execFileSync(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    ...['--project', join(root, 'tsconfig.build.json')],
  ])
}
