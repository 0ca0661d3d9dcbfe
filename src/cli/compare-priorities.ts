/** What `diff --priority` does: compare two strings, or one string in two releases. */
import { type Diagnostic, DiagnosticError, fail, moderate } from '../diagnostics/diagnostic.ts'
import type { EvaluationOutcome } from '../priority/evaluate.ts'
import { describeRelease, type GnutlsRelease } from '../priority/releases.ts'
import type { ComparedSides } from '../report/priority-comparison.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import {
  loadHostContext,
  type PriorityCommandOptions,
  type PriorityContext,
  prioritySource,
} from './priority-options.ts'
import type { Terminal } from './terminal.ts'

/** Options of `diff` that go with --priority. */
export type PriorityDiffOptions = PriorityCommandOptions & {
  readonly from?: GnutlsRelease
  readonly to?: GnutlsRelease
}

type Side = { readonly text: string; readonly context: PriorityContext; readonly title: string }

/** Compares by meaning; a string that only one side accepts is a difference. */
export async function comparePriorities(
  first: string,
  second: string | undefined,
  options: PriorityDiffOptions,
  terminal: Terminal,
): Promise<void> {
  const { evaluatePriority } = await import('../priority/evaluate.ts')
  const { diffOutcomes } = await import('../priority/evaluation-difference.ts')
  const sides = chooseSides(first, second, options, await loadHostContext(options, terminal))
  const outcomes = sides.map(({ text, context }) => evaluatePriority(prioritySource(text), context))
  const [before, after] = outcomes as [EvaluationOutcome, EvaluationOutcome]
  await reportRefusals(sides, outcomes, terminal)
  const differences = diffOutcomes(before, after)
  const titles: ComparedSides = { first: sides[0].title, second: sides[1].title }
  const { printPriorityComparison, priorityComparisonToJson } = await import(
    '../report/priority-comparison.ts'
  )
  if (options.json) return terminal.setResult(priorityComparisonToJson(differences, titles))
  for (const line of printPriorityComparison(differences, titles)) terminal.printChange(line)
  if (differences.length === 0) terminal.note(`${titles.first} and ${titles.second} mean the same`)
}

function chooseSides(
  first: string,
  second: string | undefined,
  { from, to, gnutls }: PriorityDiffOptions,
  context: PriorityContext,
): readonly [Side, Side] {
  if (from === undefined && to === undefined) {
    if (second === undefined) failMissing('diff --priority needs two strings, or --from and --to')
    return [
      { text: first, context, title: first },
      { text: second, context, title: second },
    ]
  }
  if (gnutls) fail(CLI_KINDS.conflictingOptions, { first: '--gnutls', second: '--from and --to' })
  const at = (text: string, release: GnutlsRelease = context.release): Side => ({
    text,
    context: { ...context, release },
    title: `${second === undefined ? '' : `${text} in `}${describeRelease(release)}`,
  })
  return [at(first, from), at(second ?? first, to)]
}

function failMissing(what: string): never {
  const hint = 'for instance: diff --priority NORMAL --from 3.7.9 --to 3.8.13'
  fail(CLI_KINDS.missingOption, { what, hint })
}

/** Where one side can be used, the refusal of the other is a finding; where none can, an error. */
async function reportRefusals(
  sides: readonly Side[],
  outcomes: readonly EvaluationOutcome[],
  terminal: Terminal,
): Promise<void> {
  if (outcomes.every(({ ok }) => ok)) return
  const { diagnoseFailure } = await import('../priority/failure/failure-diagnostics.ts')
  const errors = outcomes.flatMap((outcome, index): readonly Diagnostic[] =>
    outcome.ok ? [] : [diagnoseFailure(outcome.failure, sides[index]?.context)],
  )
  if (errors.length === outcomes.length) throw new DiagnosticError(errors)
  errors.map(moderate).forEach(terminal.report)
}
