/** What `explain --priority` does: the table of tokens, or the verdict on one algorithm. */
import { fail } from '../diagnostics/diagnostic.ts'
import { diagnosticToJson } from '../diagnostics/diagnostic-json.ts'
import type { EvaluationOutcome, PriorityFailure } from '../priority/evaluate.ts'
import type { AskedAlgorithm } from '../priority/verdict.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { EXIT, exitStatusOf } from './exit-codes.ts'
import {
  loadHostContext,
  type PriorityCommandOptions,
  type PriorityContext,
  prioritySource,
} from './priority-options.ts'
import type { Terminal } from './terminal.ts'

/** Options of `explain` that go with --priority. */
export type PriorityExplainOptions = PriorityCommandOptions & {
  readonly all?: true
  readonly suite?: string
  readonly group?: string
  readonly sign?: string
  readonly protocol?: string
}

/** Explains a string; what is asked of it decides how. */
export async function explainPriorityString(
  text: string,
  options: PriorityExplainOptions,
  terminal: Terminal,
): Promise<void> {
  const context = await loadHostContext(options, terminal)
  const subjects = findSubjects(options)
  if (subjects.length === 0) await explainTokens(text, options, context, terminal)
  else await explainSubjects(text, subjects, context, terminal)
}

function findSubjects({
  suite,
  group,
  sign,
  protocol,
}: PriorityExplainOptions): readonly AskedAlgorithm[] {
  const asked = { suite, group, signature: sign, protocol }
  return Object.entries(asked).flatMap(([kind, name]) =>
    name === undefined ? [] : { kind: kind as AskedAlgorithm['kind'], name },
  )
}

/** A string that GnuTLS refuses is explained as far as it goes. */
async function explainTokens(
  text: string,
  options: PriorityExplainOptions,
  context: PriorityContext,
  terminal: Terminal,
): Promise<void> {
  const { explainPriority } = await import('../priority/string-explanation.ts')
  const report = await import('../report/priority-explanation.ts')
  const explanation = explainPriority(prioritySource(text), context)
  const { outcome } = explanation
  if (options.json) {
    const refusal = await refusalToJson(outcome, context)
    const told = report.priorityExplanationToJson(explanation, context.config)
    terminal.setResult({ kind: 'tokens', ...told, refusal })
  } else {
    const { all = false } = options
    const lines = report.printPriorityExplanation(explanation, context.config, { all })
    for (const line of lines) terminal.print(line)
  }
  if (!outcome.ok) return refuse(outcome.failure, context, terminal)
  const { warnAboutPriority } = await import('../priority/failure/failure-diagnostics.ts')
  warnAboutPriority(outcome.evaluation).forEach(terminal.report)
}

/** A string that cannot be used is an error, whatever is asked of it. */
async function explainSubjects(
  text: string,
  subjects: readonly AskedAlgorithm[],
  context: PriorityContext,
  terminal: Terminal,
): Promise<void> {
  const { evaluatePriority } = await import('../priority/evaluate.ts')
  const { findVerdict } = await import('../priority/verdict.ts')
  const { printVerdict, verdictToJson } = await import('../report/priority-verdict.ts')
  const source = prioritySource(text)
  const outcome = evaluatePriority(source, context)
  const verdicts = await Promise.all(
    subjects.map(async (subject) => findVerdict(source, subject, context) ?? refuseName(subject)),
  )
  if (terminal.options.json) {
    const refusal = await refusalToJson(outcome, context)
    terminal.setResult({ kind: 'verdicts', verdicts: verdicts.map(verdictToJson), refusal })
  } else for (const line of verdicts.flatMap(printVerdict)) terminal.print(line)
  if (!outcome.ok) return refuse(outcome.failure, context, terminal)
  process.exitCode = verdicts.every(({ allowed }) => allowed) ? EXIT.done : EXIT.answerIsNo
}

/** A string that GnuTLS refuses is explained too, so the refusal is a part of the result. */
async function refusalToJson(outcome: EvaluationOutcome, context: PriorityContext) {
  if (outcome.ok) return null
  const { diagnoseFailure } = await import('../priority/failure/failure-diagnostics.ts')
  return diagnosticToJson(diagnoseFailure(outcome.failure, context))
}

async function refuse(
  failure: PriorityFailure,
  context: PriorityContext,
  terminal: Terminal,
): Promise<void> {
  const { diagnoseFailure } = await import('../priority/failure/failure-diagnostics.ts')
  const diagnostic = diagnoseFailure(failure, context)
  process.exitCode = exitStatusOf([diagnostic])
  if (!terminal.options.json) terminal.report(diagnostic)
}

async function refuseName({ kind, name }: AskedAlgorithm): Promise<never> {
  const { subjectNames } = await import('../priority/verdict.ts')
  const what = kind === 'signature' ? 'signature algorithm' : kind
  return fail(CLI_KINDS.unknownName, { what, name, known: subjectNames(kind) })
}
