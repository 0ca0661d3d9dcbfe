/** `cryptopolicy build`: compile a folder of policies. */
import { type Command, Option } from 'commander'
import { diagnose, escalate } from '../../diagnostics/diagnostic.ts'
import type { JsonObject } from '../../diagnostics/diagnostic-json.ts'
import type { BuildResult, BuiltFile } from '../../system/build.ts'
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
  withOutput(command).action(build)
}

async function build(policyDir: string, outDir: string, options: Options): Promise<void> {
  const { buildPolicies } = await import('../../system/build.ts')
  const { findDirectories } = await import('../../system/directories.ts')
  const terminal = terminalFor(options)
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
    },
    findDirectories({}),
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
  const files = (count: number) => `${count} file${count === 1 ? '' : 's'}`
  return [...counts].map(([outcome, count]) => `${files(count)} ${WORDS[outcome]}`).join(', ')
}

function printVerification(verification: Verification, options: Options, terminal: Terminal): void {
  for (const message of describeProblems(verification.problems)) {
    const diagnostic = diagnose(SYSTEM_KINDS.consumerDisagrees, { message })
    terminal.report(options.strict ? escalate(diagnostic) : diagnostic)
  }
  for (const { backend, program, version } of verification.checked) {
    terminal.note(`checked ${backend} with ${program} ${version}`)
  }
  for (const { backend, reason } of verification.skipped) {
    terminal.note(`skipped the check of ${backend}: ${reason}`)
  }
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

function toJson(result: BuildResult, verification: Verification | undefined): JsonObject {
  const files = result.files.map(({ text: _, difference = null, ...file }) => ({
    ...file,
    difference,
  }))
  return {
    files,
    verification: verification ?? null,
  }
}
