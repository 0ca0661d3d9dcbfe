/** Builds what ships: command lines and library bundled into dist/, with the library's types. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = import.meta.dirname

rmSync(join(root, 'dist'), { recursive: true, force: true })

await build({
  absWorkingDir: root,
  entryPoints: {
    cryptopolicy: 'src/cli/cryptopolicy.ts',
    'update-policies': 'src/cli/update-policies.ts',
    index: 'src/index.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
})

execFileSync(process.execPath, [
  join(root, 'node_modules/typescript/bin/tsc'),
  ...['--project', join(root, 'tsconfig.build.json')],
])
