/** What `update-policies` does: the drop-in for update-crypto-policies. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { type Diagnostic, DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import { PROGRAM_VERSION } from '../../diagnostics/program-version.ts'
import type { ApplicationSwitch } from '../../system/application-switch.ts'
import { type ApplyOptions, type ApplyResult, applyPolicy } from '../../system/apply.ts'
import {
  configFile,
  type Directories,
  findDirectories,
  localFolder,
  stateFolder,
} from '../../system/directories.ts'
import { type Drift, findDrift, isApplied } from '../../system/drift.ts'
import { listDropIns } from '../../system/drop-ins.ts'
import type { EffectSearch } from '../../system/effects.ts'
import { findPolicies } from '../../system/policy-list.ts'
import { formatSelection } from '../../system/policy-selection.ts'
import { selectPolicy } from '../../system/prepared-policy.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { describeDrift, driftToJson } from '../drift-text.ts'
import { ENVELOPE } from '../json-envelope.ts'
import { describePolicies } from '../policy-list-text.ts'
import { referenceLines, renameProgram } from '../reference-lines.ts'
import { runToExit } from '../run.ts'
import { Terminal } from '../terminal.ts'
import { refuseInWords } from '../usage-error.ts'

/** The name of the command in JSON, the same under each name that it is called by. */
const NAME = 'update-policies'

/** Exit statuses of the program that this one stands in for. */
const STATUS = { done: 0, no: 1, usage: 2, nothingToCheck: 77 } as const

type Options = {
  readonly set?: string | true
  readonly show?: true
  readonly list?: true
  readonly isApplied?: true
  readonly enableApplication?: string
  readonly disableApplication?: string
  readonly listApplications?: true
  readonly check?: boolean
  readonly reload?: boolean
  readonly strict?: true
  readonly force?: true
  readonly verify: boolean
  readonly baseDir?: string
  readonly profileDir?: string
  readonly json?: true
  readonly quiet?: true
}

const help = (calledAs: string): string => `
Examples:
  ${calledAs} --list
  ${calledAs} --set DEFAULT:NO-SHA1
  ${calledAs} --check

Without --set or an option that asks something the configured policy is put in force.
Exit status: 0 done or yes; 1 no or failed; 2 wrong usage; 77 nothing to check.`

/**
 * Runs it with the arguments of the process.
 *
 * @param calledAs What its texts call it.
 * @returns the exit status.
 */
export function updatePolicies(calledAs: string = NAME): Promise<number> {
  return runToExit(() => runAsCalled(calledAs), {
    statusOf: (error) =>
      error.diagnostics.some((diagnostic) => diagnostic.fault === 'usage')
        ? STATUS.usage
        : STATUS.no,
  })
}

function createCommand(calledAs: string): Command {
  const command = new Command(calledAs)
    .description('Put a crypto policy in force, for every library of the host at once.')
    .version(PROGRAM_VERSION)
    .option('--set [POLICY]', 'set the policy, for instance DEFAULT or DEFAULT:NO-SHA1')
    .option('--show', 'print the configured policy')
    .option('--list', 'list the policies and modules that there are, and what is in force')
    .option('--is-applied', 'tell whether the configured policy is in force')
    .option('--check', 'tell whether the files in force are what the policy gives now')
    .option('--enable-application <NAME>', 'put the policy of an application in force too')
    .option('--disable-application <NAME>', 'take the policy of an application out of force')
    .option('--list-applications', 'list the policies of applications')
    .addOption(new Option('--no-check', 'accepted for compatibility, does nothing').hideHelp())
    .option('--reload', 'reload running services, also where nothing changes')
    .option('--no-reload', 'leave running services alone')
    .option('--strict', 'refuse what would be warned of, in policies and in gnutls drop-ins')
    .option('--force', 'go on where a program of this host would stop working')
    .option('--no-verify', 'do not let the programs of this host read what is to be put in force')
    .option('--base-dir <DIR>', 'where config, local.d, back-ends and state are')
    .option('--profile-dir <DIR>', 'where shipped policies and pre-built outputs are')
    .option('--json', 'print the result as JSON')
    .option('-q, --quiet', 'print errors only')
    .addOption(new Option('--debug', 'print stack traces').hideHelp())
    .addHelpText('after', help(calledAs))
    .allowExcessArguments(false)

  refuseInWords(command, calledAs, NAME, {
    'commander.excessArguments': `to set a policy: ${calledAs} --set POLICY`,
  })
  return command
}

async function runAsCalled(calledAs: string): Promise<number> {
  try {
    return await runCommand(calledAs)
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    throw new DiagnosticError(asCalled(calledAs, error.diagnostics))
  }
}

/** Under the name of the reference its own lines come first, and then ours, with that name. */
function asCalled(
  calledAs: string,
  diagnostics: readonly Diagnostic[],
  isQuiet = false,
): readonly Diagnostic[] {
  if (calledAs === NAME) return diagnostics
  if (!ENVELOPE.isWanted && !isQuiet) {
    for (const line of referenceLines(diagnostics)) new Terminal().warn(line)
  }
  return diagnostics.map((diagnostic) => renameProgram(diagnostic, calledAs))
}

async function runCommand(calledAs: string): Promise<number> {
  const options = createCommand(calledAs).parse().opts<Options>()
  ENVELOPE.begin(NAME, options.json ?? false)
  checkCommands(options)
  const directories = findDirectories(options)
  const terminal = new Terminal({ json: options.json ?? false, quiet: options.quiet ?? false })
  if (options.show) return show(directories, terminal)
  if (options.list) return list(directories, terminal)
  if (options.listApplications) return listApplications(directories, terminal)
  if (options.isApplied) return tellApplied(directories, terminal, calledAs)
  if (options.check) return check(directories, terminal, calledAs)
  return apply(directories, options, terminal, calledAs)
}

function checkCommands(options: Options): void {
  const given = [
    options.set === undefined ? '' : '--set',
    options.show ? '--show' : '',
    options.list ? '--list' : '',
    options.isApplied ? '--is-applied' : '',
    options.check ? '--check' : '',
    options.enableApplication === undefined ? '' : '--enable-application',
    options.disableApplication === undefined ? '' : '--disable-application',
    options.listApplications ? '--list-applications' : '',
  ].filter((name) => name !== '')
  const [first, second] = given
  if (first && second) fail(CLI_KINDS.conflictingOptions, { first, second })
}

function show(directories: Directories, terminal: Terminal): number {
  const policy = formatSelection(selectPolicy(directories, undefined))
  if (terminal.options.json) terminal.setResult({ action: 'show', policy })
  else terminal.print(policy)
  return STATUS.done
}

function list(directories: Directories, terminal: Terminal): number {
  const found = findPolicies(directories)
  if (terminal.options.json) terminal.setResult({ action: 'list', ...found })
  else for (const line of describePolicies(found)) terminal.print(line)
  return STATUS.done
}

async function listApplications(directories: Directories, terminal: Terminal): Promise<number> {
  const { findApplications } = await import('../../system/applications.ts')
  const { applicationToJson, describeApplications } = await import('../application-list.ts')
  const found = findApplications(directories)
  if (terminal.options.json) {
    const applications = found.map(applicationToJson)
    terminal.setResult({ action: 'list-applications', applications })
  } else for (const line of describeApplications(found)) terminal.print(line)
  for (const diagnostic of found.flatMap(({ diagnostics }) => diagnostics))
    terminal.report(diagnostic)
  return STATUS.done
}

function tellApplied(directories: Directories, terminal: Terminal, calledAs: string): number {
  const applied = isApplied(directories)
  if (terminal.options.json) {
    terminal.setResult({ action: 'is-applied', applied: applied ?? null })
  } else if (applied !== undefined) {
    terminal.print(`The configured policy is ${applied ? '' : 'NOT '}applied`)
  }
  if (applied === undefined) {
    terminal.note(describeUnanswered(directories, calledAs))
    return STATUS.nothingToCheck
  }
  return applied ? STATUS.done : STATUS.no
}

/** The reference says nothing then, so this is said to people alone. */
function describeUnanswered(directories: Directories, calledAs: string): string {
  const config = configFile(directories)
  if (!existsSync(config)) return `there is no ${config}: run ${calledAs} --set POLICY`
  const state = join(stateFolder(directories), 'current')
  if (existsSync(state)) return `${config} and ${state} could not be compared`
  return `no policy has been put in force here yet: run ${calledAs}`
}

async function check(
  directories: Directories,
  terminal: Terminal,
  calledAs: string,
): Promise<number> {
  const drift = await findDrift(directories)
  if (terminal.options.json) {
    terminal.setResult({
      action: 'check',
      matches: drift.length === 0,
      drift: drift.map(driftToJson),
    })
  } else printDrift(drift, terminal, calledAs)
  return drift.length === 0 ? STATUS.done : STATUS.no
}

function printDrift(drift: readonly Drift[], terminal: Terminal, calledAs: string): void {
  if (drift.length === 0) {
    terminal.print('The configured policy matches the generated policy')
    return
  }
  terminal.warn('The configured policy does NOT match the generated policy')
  if (terminal.options.quiet) return
  if (drift.every(({ cause }) => cause === 'never-applied')) {
    terminal.warn(`no policy has been put in force here yet: run ${calledAs}`)
    return
  }
  for (const line of drift.flatMap(describeDrift)) terminal.warn(line)
}

async function apply(
  directories: Directories,
  options: Options,
  terminal: Terminal,
  calledAs: string,
): Promise<number> {
  const set = typeof options.set === 'string' && options.set !== '' ? options.set : undefined
  const { reload, strict = false, force = false } = options
  const result = await applyPolicy(directories, {
    ...{ set, reload, strict, force, application: applicationSwitch(options) },
    report: (diagnostic) =>
      asCalled(calledAs, [diagnostic], options.quiet).forEach(terminal.report),
    ...(await loadDropInCheck(directories)),
    findEffects: loadEffects(options.verify),
  })
  if (terminal.options.json) terminal.setResult({ action: 'apply', ...result })
  else if (!terminal.options.quiet) printResult(result, terminal)
  return STATUS.done
}

function applicationSwitch({
  enableApplication,
  disableApplication,
}: Options): ApplicationSwitch | undefined {
  if (enableApplication !== undefined) return { name: enableApplication, isEnabled: true }
  return disableApplication === undefined
    ? undefined
    : { name: disableApplication, isEnabled: false }
}

/** Most runs change nothing, and need not load what asks other programs. */
function loadEffects(asksPrograms: boolean): EffectSearch {
  return async (...args) => {
    const { findEffects, findKnownEffects } = await import('../../system/effects.ts')
    return asksPrograms ? findEffects(...args) : findKnownEffects(...args)
  }
}

/** Most hosts have no drop-in of gnutls, and no need to load what priority strings mean. */
async function loadDropInCheck(
  directories: Directories,
): Promise<Pick<ApplyOptions, 'checkDropIns'>> {
  if (listDropIns(localFolder(directories), 'gnutls').length === 0) return {}
  const { checkPriorityDropIns } = await import('../../system/priority-drop-ins.ts')
  return { checkDropIns: checkPriorityDropIns }
}

function printResult(result: ApplyResult, terminal: Terminal): void {
  if (result.mounted) return
  terminal.print(`Setting system policy to ${result.policy}`)
  if (result.changed.length === 0) {
    const { reloaded, matches } = result
    const done = reloaded ? 'Services were reloaded; nothing else to do' : 'Nothing to do'
    const reservation = matches ? '' : ', but for what was warned of'
    terminal.print(`${done}: it is in force already${reservation}.`)
    return
  }
  terminal.print('Note: System-wide crypto policies are applied on application start-up.')
  terminal.print('It is recommended to restart the system for the change of policies')
  terminal.print('to fully take place.')
}
