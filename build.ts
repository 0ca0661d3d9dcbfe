/** Builds what ships: command lines and library bundled into dist/, with the library's types. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'

const root = import.meta.dirname

rmSync(join(root, 'dist'), { recursive: true, force: true })

/** What stands in for an import of one of Node's modules. */
const LAZY: Readonly<Record<string, string>> = {
  // An import of node:fs reads all that it exports, which loads streams and promises with it.
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
    context.onResolve({ filter: /^node:(fs|child_process|process)$/ }, ({ path, importer }) =>
      path === 'node:fs' || importer.includes('node_modules')
        ? { path, namespace: 'lazy' }
        : undefined,
    )
    context.onLoad({ filter: /./, namespace: 'lazy' }, ({ path }) => ({
      contents: LAZY[path] ?? '',
    }))
  },
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

/** What is imported only when it is needed stays in a file of its own. */
const separateFiles: Plugin = {
  name: 'separate-files',
  setup(context) {
    context.onResolve({ filter: /\/priority-drop-ins\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './priority-drop-ins.js', external: true } : undefined,
    )
  },
}

/** What programs import as `cryptopolicy/PART`. */
const LIBRARY_PARTS = ['convert', 'nbd', 'pki', 'policy', 'priority', 'tls']

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

// One file each: package scripts and services that start run them, and each file more takes a
// millisecond to load.
await build({
  ...options,
  plugins: [lazyModules, colorSupport, separateFiles],
  entryPoints: {
    'priority-drop-ins': 'src/system/priority-drop-ins.ts',
    'update-policies': 'src/cli/programs/update-policies.ts',
    'cryptopolicy-resolve': 'src/cli/programs/cryptopolicy-resolve.ts',
  },
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
