/**
 * Mutation testing: changes the sources a little, one place at a time, and says which changes no
 * test notices.
 *
 *     npm run mutate -- --files 'src/asn1/*.ts' [--tests 'test/x509/*.test.ts'] [--command-line]
 *
 * Without --command-line each change is held against the tests that run it in their own process.
 * With it each change runs all the tests named, command lines included: dist/ is built once with
 * all changes, and a variable of the environment chooses one. That takes some seconds a change.
 */
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'

type PartialStrykerOptions = ConstructorParameters<typeof Stryker>[0]

const { values } = parseArgs({
  options: {
    files: { type: 'string', multiple: true },
    tests: { type: 'string', multiple: true, default: ['test/**/*.test.ts'] },
    'command-line': { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '2' },
  },
})
const { files, tests } = values
if (!files) {
  console.error('usage: npm run mutate -- --files GLOB... [--tests GLOB...] [--command-line]')
  process.exit(64)
}

const IN_PROCESS: PartialStrykerOptions = {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  coverageAnalysis: 'perTest',
  testFiles: tests,
}

const COMMAND_LINES: PartialStrykerOptions = {
  testRunner: 'command',
  coverageAnalysis: 'off',
  commandRunner: { command: `npx vitest run --bail 1 ${tests.join(' ')}` },
}

const options: PartialStrykerOptions = {
  ...(values['command-line'] ? COMMAND_LINES : IN_PROCESS),
  mutate: files,
  buildCommand: 'node build.ts --no-types',
  concurrency: Number(values.concurrency),
  // Stryker reads this file with an interface that our TypeScript does not have.
  tsconfigFile: 'none',
  // A change may take a test longer, and other programs may keep the machine busy.
  timeoutFactor: 4,
  timeoutMS: 30_000,
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'coverage/mutation.json' },
  tempDirName: 'coverage/stryker',
  ignorePatterns: ['coverage', 'dist', 'own-node'],
}

await new Stryker(options).runMutationTest()
