/** `cryptopolicy build`: compile a folder of policies. */
import { type Command, Option } from 'commander'
import { printCount } from '../../diagnostics/count.ts'
import { diagnose, escalate } from '../../diagnostics/diagnostic.ts'
import type { JsonResult } from '../../diagnostics/diagnostic-json.ts'
import type { BuildResult, BuiltFile } from '../../system/build.ts'
import type { Directories } from '../../system/directories.ts'
import { SYSTEM_KINDS } from '../../system/system-diagnostics.ts'
import type { Verification, VerifyProblem } from '../../system/verify.ts'
import { type CommonOptions, terminalFor, withOutput } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

type Options = CommonOptions & {
  readonly flat?: true
  readonly test?: true
  readonly policy?: string
  readonly reloadCmds?: true
  readonly reloadcmds?: true
  readonly strict?: true
  readonly verify: boolean
  readonly gnutlsFormat: 'allowlist' | 'legacy'
  readonly application: readonly string[]
  readonly applications?: 'enabled' | 'all'
}

export function addBuild(program: Command): void {
  const command = program
    .command('build')
    .summary('compile policies into back-end files')
    .description('Compile the policies of a folder, each for every back-end.')
    .argument('<POLICYDIR>', 'folder of *.pol files, with modules in modules/')
    .argument('<OUTDIR>', 'folder to write to')
    .option('--flat', 'write OUTDIR/POLICY-BACKEND.txt rather than OUTDIR/POLICY/BACKEND.txt')
    .option('--test', 'compare with the files that are there instead of replacing them')
    .option('--policy <POLICY>', 'only this one, for instance FIPS:OSPP')
    .option('--reload-cmds', 'write reload-cmds.sh too')
    .addOption(new Option('--reloadcmds', 'the same').hideHelp())
    .option('--strict', 'treat warnings as errors')
    .option('--no-verify', 'do not let installed programs read what was written')
    .addOption(
      new Option('--gnutls-format <FORMAT>', 'legacy for GnuTLS before 3.7.3')
        .choices(['allowlist', 'legacy'])
        .default('allowlist'),
    )
    .option(
      '--application <NAME>',
      'compile the policy of an application too, whether or not it is enabled; may be given several times',
      (name: string, before: readonly string[]) => [...before, name],
      [],
    )
    .addOption(
      new Option('--applications <WHICH>', 'those that are enabled here, or all').choices([
        'enabled',
        'all',
      ]),
    )
  withOutput(command).action(build)
}

async function build(policyDir: string, outDir: string, options: Options): Promise<void> {
  const { buildPolicies } = await import('../../system/build.ts')
  const { findDirectories } = await import('../../system/directories.ts')
  const terminal = terminalFor(options)
  const directories = findDirectories({})
  const result = buildPolicies(
    {
      policyDir,
      outDir,
      flat: options.flat ?? false,
      test: options.test ?? false,
      policy: options.policy,
      reloadCommands: options.reloadCmds ?? options.reloadcmds ?? false,
      strict: options.strict ?? false,
      generators: await chooseGenerators(options),
      compileApplications: await chooseApplications(directories, options),
    },
    directories,
  )
  const verification = options.verify ? await verify(result) : undefined
  result.diagnostics.forEach(terminal.report)
  if (options.json) terminal.setResult(toJson(result, verification))
  else print(result, verification, options, terminal)
  process.exitCode = judge(result, verification, options)
}

async function chooseGenerators(options: Options) {
  if (options.gnutlsFormat !== 'legacy') return {}
  const { generateLegacyGnutls } = await import('../../backends/gnutls-legacy.ts')
  return { gnutls: generateLegacyGnutls }
}

/** Most builds have none, and no need to load what priority strings mean. */
async function chooseApplications(directories: Directories, options: Options) {
  const { application: names, applications: group } = options
  if (names.length === 0 && group === undefined) return undefined
  const { selectedCompiler } = await import('../../system/enabled-applications.ts')
  return selectedCompiler(directories, { names, group })
}

/** A file that differs from the existing one was not written, so it is not verified. */
async function verify(result: BuildResult): Promise<Verification> {
  const { verifyConfigs } = await import('../../system/verify.ts')
  return verifyConfigs(result.files.filter((file) => file.outcome !== 'differs'))
}

function judge(
  result: BuildResult,
  verification: Verification | undefined,
  options: Options,
): number {
  const differs = result.files.some((file) => file.outcome === 'differs')
  const isRefused = options.strict && verification && verification.problems.length > 0
  return differs || isRefused ? EXIT.answerIsNo : EXIT.done
}

function print(
  result: BuildResult,
  verification: Verification | undefined,
  options: Options,
  terminal: Terminal,
): void {
  for (const policy of new Set(result.files.map((file) => file.policy))) {
    terminal.print(`${policy}: ${countOutcomes(result, policy)}`)
  }
  for (const { difference } of result.files) if (difference) terminal.warnText(difference.trimEnd())
  if (verification) printVerification(verification, options, terminal)
}

const WORDS: { readonly [Outcome in BuiltFile['outcome']]: string } = {
  written: 'written',
  same: 'unchanged',
  differs: 'different',
}

function countOutcomes(result: BuildResult, policy: string): string {
  const counts = new Map<BuiltFile['outcome'], number>()
  for (const file of result.files) {
    if (file.policy === policy) counts.set(file.outcome, (counts.get(file.outcome) ?? 0) + 1)
  }
  return [...counts]
    .map(([outcome, count]) => `${printCount(count, 'file')} ${WORDS[outcome]}`)
    .join(', ')
}

function printVerification(verification: Verification, options: Options, terminal: Terminal): void {
  for (const message of describeProblems(verification.problems)) {
    const diagnostic = diagnose(SYSTEM_KINDS.consumerDisagrees, { message })
    terminal.report(options.strict ? escalate(diagnostic) : diagnostic)
  }
  const notes = [
    ...verification.checked.map(
      ({ backend, program, version }) =>
        `checked ${ofAnyApplication(backend)} with ${program} ${version}`,
    ),
    ...verification.skipped.map(
      ({ backend, reason }) => `skipped the check of ${ofAnyApplication(backend)}: ${reason}`,
    ),
  ]
  for (const note of new Set(notes)) terminal.note(note)
}

/** What holds for one back-end of applications holds for all. */
function ofAnyApplication(backend: string): string {
  return backend.replace(/^applications\/.*\//, 'applications/*/')
}

/** One line for what a program does not know in the same policies, one for each other complaint. */
function describeProblems(problems: readonly VerifyProblem[]): readonly string[] {
  const values = new Map<string, string[]>()
  const complaints: string[] = []
  for (const problem of problems) {
    const policies = problem.policies.join(', ')
    const who = `${problem.program} ${problem.version}`
    if ('complaint' in problem) complaints.push(`${who}, in ${policies}: ${problem.complaint}`)
    else {
      const line = `${who} does not know, in ${policies}:`
      const { setting, value } = problem.unknown
      values.set(line, [
        ...(values.get(line) ?? []),
        value === null ? setting : `${setting} ${value}`,
      ])
    }
  }
  return [...[...values].map(([line, list]) => `${line} ${list.join(', ')}`), ...complaints]
}

function toJson(result: BuildResult, verification: Verification | undefined): JsonResult {
  const files = result.files.map(({ text: _, difference = null, ...file }) => ({
    ...file,
    difference,
  }))
  return {
    files,
    verification: verification ?? null,
  }
}
