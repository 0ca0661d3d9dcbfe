/** Builds what ships: command lines and library bundled into dist/, with the library's types. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'

const root = import.meta.dirname

rmSync(join(root, 'dist'), { recursive: true, force: true })

/**
 * Keeps two of Node's modules from being loaded at start-up, which takes longer than all of ours:
 * commander wants node:child_process for executable subcommands, which there are none of, and an
 * import of node:process opens the standard streams.
 */
const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup(context) {
    context.onResolve({ filter: /^node:(child_process|process)$/ }, ({ path, importer }) =>
      importer.includes('node_modules') ? { path, namespace: 'lazy' } : undefined,
    )
    context.onLoad({ filter: /process$/, namespace: 'lazy' }, ({ path }) => ({
      contents:
        path === 'node:process'
          ? 'module.exports = globalThis.process'
          : `exports.spawn = (...args) => process.getBuiltinModule('${path}').spawn(...args)`,
    }))
  },
}

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
  plugins: [lazyModules],
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
}

// One file: package scripts run it often, and each file more takes a millisecond to load.
await build({ ...options, entryPoints: { 'update-policies': 'src/cli/update-policies.ts' } })
await build({
  ...options,
  entryPoints: { cryptopolicy: 'src/cli/cryptopolicy.ts', index: 'src/index.ts' },
  splitting: true,
})

execFileSync(process.execPath, [
  join(root, 'node_modules/typescript/bin/tsc'),
  ...['--project', join(root, 'tsconfig.build.json')],
])
