/** Builds what ships: command lines and library bundled into dist/, with the library's types. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { buildApart } from './build-apart.ts'
import { buildPacks, MAIN, type Packs } from './build-packs.ts'
import manifest from './package.json' with { type: 'json' }

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

/** The files of `cryptopolicy`: what is needed together is in one, and what few runs need is apart. */
const PACKS: Packs = {
  pkcs12: ['node_modules/node-forge/', 'src/pki/pkcs12/container'],
  websocket: ['node_modules/ws/', 'src/chardev/socket/websocket'],
  audit: ['src/audit/', 'src/cli/audit'],
  applications: ['src/policy/application/', 'src/cli/application', 'src/system/application'],
  lint: [
    'src/policy/lint/',
    'src/system/lint',
    'src/system/drop-in-checks/',
    'node_modules/smol-toml/',
  ],
  migration: ['src/migration/', 'src/cli/commands/migrat', 'src/cli/preflight', 'src/cli/receive'],
  nbd: ['src/nbd/', 'src/transfer/', 'src/cli/commands/nbd', 'src/cli/nbd'],
  chardev: ['src/chardev/', 'src/cli/chardev', 'src/cli/commands/chardev'],
  pki: ['src/pki/', 'src/cli/commands/pki'],
  qmp: ['src/monitor/client/', 'src/monitor/protocol/', 'src/cli/monitor'],
  monitor: ['src/monitor/', 'src/cli/commands/endpoint', 'src/cli/endpoint'],
  [MAIN]: [
    ...['src/arguments/', 'src/cache/', 'src/cli/', 'src/diagnostics/', 'src/files/', 'src/net/'],
    ...['src/system/consumers/run-sync', 'src/system/directories', 'src/system/installed-gnutls'],
    ...['src/system/null-device', 'src/system/priority-config', 'src/algorithms/other-names'],
    ...['src/endpoint/tls-mode', 'lazy-import:'],
  ],
  backends: ['src/backends/', 'src/system/consumers/', 'node_modules/diff/'],
  policy: [
    ...['src/algorithms/algorithm-class', 'src/algorithms/signature'],
    ...['src/policy/', 'src/report/', 'src/system/'],
  ],
  certificates: [
    ...['src/algorithms/', 'src/asn1/', 'src/priority/', 'src/wire/', 'src/x509/'],
    ...['src/tls/credentials/', 'src/tls/object-diagnostics'],
  ],
  // And all that no row before it names.
  tls: [''],
}

await buildPacks('src/cli/programs/cryptopolicy.ts', PACKS, fastStart)
// Package scripts, services that start and audits of many hosts run them.
await buildApart('src/cli/programs/update-policies.ts', fastStart)
await buildApart('src/cli/programs/cryptopolicy-audit.ts', fastStart)
await build({
  ...fastStart,
  entryPoints: { 'cryptopolicy-resolve': 'src/cli/programs/cryptopolicy-resolve.ts' },
})
const { node: needed } = manifest.engines
const major = Number(needed.replace('>=', ''))

// An older Node.js would break off at the first name that it does not have, and not say what it lacks.
const refusal = `cryptopolicy needs Node.js ${major} or later, and this is `
const checkNode = `if(parseInt(process.versions.node)<${major})throw new Error(${JSON.stringify(refusal)}+process.version);`

await build({
  ...options,
  banner: { js: checkNode + options.banner?.js },
  entryPoints: {
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
