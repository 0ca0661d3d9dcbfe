/** `cryptopolicy list`: what a priority string allows, as `gnutls-cli -l --priority` prints it. */
import type { Command } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { EvaluationOutcome } from '../../priority/evaluate.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import {
  loadHostContext,
  type PriorityCommandOptions,
  type PriorityContext,
  prioritySource,
  withPriorityOptions,
} from '../priority-options.ts'
import type { Terminal } from '../terminal.ts'

type Options = PriorityCommandOptions & { readonly priority?: string }

export function addList(program: Command): void {
  const command = program
    .command('list')
    .summary('what a priority string allows')
    .description('Print what gnutls-cli -l --priority prints, and end with its exit status.')
    .argument('[PRIORITY]', 'for instance NORMAL:-VERS-TLS1.2 or @SYSTEM')
    .option('--priority <PRIORITY>', 'the same, as gnutls-cli has it')
    .option('--base-dir <DIR>', 'where back-ends/gnutls.config is')
  withOutput(withPriorityOptions(command)).action(list)
}

async function list(given: string | undefined, options: Options): Promise<void> {
  const priority = choosePriority(given, options)
  const terminal = terminalFor(options)
  const context = await loadHostContext(options, terminal)
  if (await refusesToStart(context, terminal)) return
  const { evaluatePriority } = await import('../../priority/evaluate.ts')
  const outcome = evaluatePriority(prioritySource(priority), context)
  process.exitCode = outcome.ok ? EXIT.done : EXIT.answerIsNo
  if (options.json) return giveResult(outcome, context, terminal)
  const { printListing } = await import('../../priority/gnutls-cli-listing.ts')
  terminal.printText(printListing(priority, outcome).stdout)
  await reportOutcome(outcome, context, terminal)
}

function choosePriority(given: string | undefined, { priority }: Options): string {
  if (given !== undefined && priority !== undefined) {
    fail(CLI_KINDS.conflictingOptions, { first: `PRIORITY (${given})`, second: '--priority' })
  }
  const hint = 'for instance: cryptopolicy list NORMAL'
  return given ?? priority ?? fail(CLI_KINDS.missingOption, { what: 'list needs a PRIORITY', hint })
}

/** Every program with GnuTLS ends at once where it is told to mind a configuration it dislikes. */
async function refusesToStart(
  { config, release }: PriorityContext,
  terminal: Terminal,
): Promise<boolean> {
  if (process.env.GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID !== '1') return false
  const { systemRules } = await import('../../priority/system-rules.ts')
  const rules = systemRules(config, release)
  if (!rules.refusedWhenStrict) return false
  rules.ignored.forEach(terminal.report)
  process.exitCode = EXIT.answerIsNo
  return true
}

async function reportOutcome(
  outcome: EvaluationOutcome,
  context: PriorityContext,
  terminal: Terminal,
): Promise<void> {
  const { diagnoseFailure, warnAboutPriority } = await import(
    '../../priority/failure/failure-diagnostics.ts'
  )
  if (outcome.ok) warnAboutPriority(outcome.evaluation).forEach(terminal.report)
  else terminal.report(diagnoseFailure(outcome.failure, context))
}

async function giveResult(
  outcome: EvaluationOutcome,
  context: PriorityContext,
  terminal: Terminal,
): Promise<void> {
  if (!outcome.ok) {
    const { diagnoseFailure } = await import('../../priority/failure/failure-diagnostics.ts')
    return terminal.report(diagnoseFailure(outcome.failure, context))
  }
  const { evaluationToJson } = await import('../../report/evaluation.ts')
  terminal.setResult(evaluationToJson(outcome.evaluation, context.config))
}
