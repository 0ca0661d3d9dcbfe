/** What `explain --priority` does: the table of tokens, or the verdict on one algorithm. */
import { DiagnosticError, fail } from '../diagnostics/diagnostic.ts'
import type { PriorityFailure } from '../priority/evaluate.ts'
import type { Subject } from '../priority/why.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { EXIT } from './exit-codes.ts'
import {
  loadPriorityContext,
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
  const context = await loadPriorityContext(options, terminal)
  const subjects = findSubjects(options)
  if (subjects.length === 0) await explainTokens(text, options, context, terminal)
  else await explainSubjects(text, subjects, context, terminal)
}

function findSubjects({
  suite,
  group,
  sign,
  protocol,
}: PriorityExplainOptions): readonly Subject[] {
  const asked = { suite, group, signature: sign, protocol }
  return Object.entries(asked).flatMap(([kind, name]) =>
    name === undefined ? [] : { kind: kind as Subject['kind'], name },
  )
}

/** A string that GnuTLS refuses is explained as far as it goes. */
async function explainTokens(
  text: string,
  options: PriorityExplainOptions,
  context: PriorityContext,
  terminal: Terminal,
): Promise<void> {
  const { explainPriority } = await import('../priority/explain.ts')
  const report = await import('../report/priority-explanation.ts')
  const explanation = explainPriority(prioritySource(text), context)
  const { outcome } = explanation
  if (options.json)
    terminal.printJson(report.priorityExplanationToJson(explanation, context.config))
  else {
    const { all = false } = options
    const lines = report.printPriorityExplanation(explanation, context.config, { all })
    for (const line of lines) terminal.print(line)
  }
  if (!outcome.ok) return refuse(outcome.failure, context)
  const { warnAboutPriority } = await import('../priority/failure-diagnostics.ts')
  warnAboutPriority(outcome.evaluation).forEach(terminal.report)
}

/** A string that cannot be used is an error, whatever is asked of it. */
async function explainSubjects(
  text: string,
  subjects: readonly Subject[],
  context: PriorityContext,
  terminal: Terminal,
): Promise<void> {
  const { evaluatePriority } = await import('../priority/evaluate.ts')
  const { whyAllowed } = await import('../priority/why.ts')
  const { printVerdict, verdictToJson } = await import('../report/priority-verdict.ts')
  const source = prioritySource(text)
  const outcome = evaluatePriority(source, context)
  const verdicts = await Promise.all(
    subjects.map(async (subject) => whyAllowed(source, subject, context) ?? refuseName(subject)),
  )
  if (terminal.options.json) terminal.printJson(verdicts.map(verdictToJson))
  else for (const line of verdicts.flatMap(printVerdict)) terminal.print(line)
  if (!outcome.ok) return refuse(outcome.failure, context)
  process.exitCode = verdicts.every(({ allowed }) => allowed) ? EXIT.done : EXIT.answerIsNo
}

async function refuse(failure: PriorityFailure, context: PriorityContext): Promise<never> {
  const { diagnoseFailure } = await import('../priority/failure-diagnostics.ts')
  throw new DiagnosticError([diagnoseFailure(failure, context)])
}

async function refuseName({ kind, name }: Subject): Promise<never> {
  const { subjectNames } = await import('../priority/why.ts')
  const what = kind === 'signature' ? 'signature algorithm' : kind
  return fail(CLI_KINDS.unknownName, { what, name, known: subjectNames(kind) })
}
