/**
 * Mutation testing: changes the sources a little, one place at a time, and says which changes no
 * test notices.
 *
 *     npm run mutate -- --files 'src/asn1/*.ts' [--tests 'test/x509/*.test.ts'] [--command-line]
 *         [--sample 70 [--seed 1]] [--survivors-of coverage/mutation.json] [--report FILE] [--no-static]
 *         [--without StringLiteral]
 *
 * Without --command-line each change is held against the tests that run it in their own process.
 * With it each change runs all the tests named, command lines included: dist/ is built once with
 * all changes, and a variable of the environment chooses one. That takes some seconds a change.
 *
 * --sample tries so many changes, spread evenly over the files; another seed gives others.
 * --no-static leaves out changes of what is computed as a file is loaded, such as tables: each of them
 * runs all tests named, the others only those that reach them. --without leaves out a kind of change, in
 * Stryker's words: a changed text is less of a danger than a changed comparison.
 *
 * Each change is told as soon as it was tried; a report in JSON is written at the end.
 *
 * --survivors-of tries those that a report calls unnoticed: first in process, then those by command
 * lines. At the end it prints how many were noticed, by folder.
 */
import { globSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { SAMPLE_VARIABLE, type Sample } from './sample-checker.ts'

type PartialStrykerOptions = ConstructorParameters<typeof Stryker>[0]

const { values } = parseArgs({
  options: {
    files: { type: 'string', multiple: true },
    tests: { type: 'string', multiple: true, default: ['test/**/*.test.ts'] },
    'command-line': { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '1' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    'survivors-of': { type: 'string' },
    'no-static': { type: 'boolean', default: false },
    without: { type: 'string', multiple: true, default: [] },
    report: { type: 'string', default: 'coverage/mutation.json' },
  },
})
const { files, tests } = values
if (!files) {
  console.error('usage: npm run mutate -- --files GLOB... [--tests GLOB...] [--command-line]')
  process.exit(64)
}

const sample: Sample = {
  size: values.sample === undefined ? undefined : Number(values.sample),
  seed: Number(values.seed),
  withoutStatic: values['no-static'],
  survivorsOf: values['survivors-of'],
}
process.env[SAMPLE_VARIABLE] = JSON.stringify(sample)

const OWN_PLUGINS = ['./test/mutation/sample-checker.ts', './test/mutation/result-lines.ts']

/** Tests of the sources as they are written: their types, their words. */
const UNCHANGED_SOURCES_ONLY = [
  'test/*.test.ts',
  'test/docs/{api,examples,library-pages,options}.test.ts',
  'test/tls/library-example.test.ts',
]

const testFiles = globSync(tests, { exclude: UNCHANGED_SOURCES_ONLY })
process.env.MUTATION_TESTS = JSON.stringify(testFiles)

const IN_PROCESS: PartialStrykerOptions = {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner', ...OWN_PLUGINS],
  coverageAnalysis: 'perTest',
  ignoreStatic: values['no-static'],
  // Not with `testFiles`, nor with `related`: changes of what is computed as a file is loaded would then
  // be tried too late, or by no test.
  // As `npm test` has it. In threads, its own choice, a test cannot change its user, and when a thread ends it
  // closes descriptors that were handed over a second time, whatever has their numbers then.
  vitest: { related: false, configFile: 'test/mutation/vitest.config.ts', pool: 'forks' },
}

const COMMAND_LINES: PartialStrykerOptions = {
  testRunner: 'command',
  plugins: OWN_PLUGINS,
  coverageAnalysis: 'off',
  commandRunner: { command: `npx vitest run --bail 1 ${tests.join(' ')}` },
}

const options: PartialStrykerOptions = {
  ...(values['command-line'] ? COMMAND_LINES : IN_PROCESS),
  mutate: files,
  mutator: { excludedMutations: values.without },
  checkers: ['sample'],
  buildCommand: 'node test/mutation/build-sandbox.ts --no-types',
  concurrency: Number(values.concurrency),
  // Stryker reads this file with an interface that our TypeScript does not have.
  tsconfigFile: 'none',
  // A change may take a test longer, and other programs may keep the machine busy.
  timeoutFactor: 4,
  timeoutMS: 30_000,
  dryRunTimeoutMinutes: 30,
  reporters: ['result-lines', 'clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: values.report },
  tempDirName: 'coverage/stryker',
  ignorePatterns: ['coverage', 'dist', 'own-node'],
}

const results = await new Stryker(options).runMutationTest()

/** Changes by folder: those tried, those noticed. A change that lets a program hang is noticed too. */
const byFolder = Map.groupBy(
  results.filter(({ status }) => status !== 'CompileError' && status !== 'Ignored'),
  ({ fileName }) => dirname(fileName.slice(fileName.lastIndexOf('/src/') + 1)),
)
for (const [folder, tried] of byFolder) {
  const noticed = tried.filter(({ status }) => status !== 'Survived' && status !== 'NoCoverage')
  console.log(`${folder}: ${noticed.length} of ${tried.length} noticed`)
}
