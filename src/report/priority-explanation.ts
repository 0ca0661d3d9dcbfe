/** Prints what each token of a priority string does, for people and as data. */
import { printCount } from '../diagnostics/count.ts'
import { type JsonResult, locationToJson } from '../diagnostics/diagnostic-json.ts'
import { formatLocation } from '../diagnostics/source.ts'
import { LIST_TITLES } from '../priority/priority-lists.ts'
import { describeRelease } from '../priority/releases.ts'
import type { Adjustment } from '../priority/remove-unusable.ts'
import type { Explanation, ListEffect, OptionChange, Step } from '../priority/string-explanation.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import { systemRules } from '../priority/system-rules.ts'
import { resolvedToJson } from './resolution.ts'
import { alignColumns } from './table.ts'

/** The most names that are shown. Where there are more, only their number is. */
const SHOWN_NAMES = 3

export type ExplanationOptions = {
  /** Show every name. */
  readonly all?: boolean
}

/** The string and its configuration, then a row for each token, then what it comes to. */
export function printPriorityExplanation(
  explanation: Explanation,
  config: SystemConfig,
  options: ExplanationOptions = {},
): readonly string[] {
  const { start, steps, adjustments } = explanation
  const rows = [
    ['TOKEN', 'WHAT', 'WHERE', 'CHANGE', 'LEFT'],
    ...(start.length > 0 ? [startRow(start, options)] : []),
    ...steps.map((step) => stepRow(step, options)),
    ...adjustments.map((adjustment) => adjustmentRow(adjustment, options)),
  ]
  return [...printHeader(explanation, config), ...alignColumns(rows), printResult(explanation)]
}

/** For --json. */
export function priorityExplanationToJson(
  explanation: Explanation,
  config: SystemConfig,
): JsonResult {
  const { release, resolution, start, steps, adjustments, outcome } = explanation
  return {
    resolved: resolution ? resolvedToJson(resolution) : null,
    release,
    config: config.absent ? null : config.source.name,
    mode: systemRules(config, release).mode,
    start,
    steps: steps.map(({ token, span, instruction, ...step }) => ({
      token: token.text,
      location: locationToJson(span),
      ...step,
    })),
    adjustments: adjustments.map(({ prohibitions: _, ...adjustment }) => adjustment),
    usable: outcome.ok,
  }
}

function printHeader(
  { resolution, release }: Explanation,
  config: SystemConfig,
): readonly string[] {
  const file = config.absent
    ? `${config.source.name} (not there)`
    : `${config.source.name} (${systemRules(config, release).mode})`
  const head = `${describeRelease(release)}, configuration ${file}`
  if (!resolution || resolution.origin === 'given') return [head]
  const source = resolution.origin === 'overrides' ? 'the overrides' : resolution.origin
  return [head, `${resolution.given.text} is ${resolution.key ?? 'the default'} of ${source}`]
}

/** That certificates are those of X.509 goes without saying. */
function startRow(effects: readonly ListEffect[], options: ExplanationOptions): readonly string[] {
  const told = effects.filter(({ list }) => !/Certificates$/.test(list))
  return ['(start)', 'default', '', describeEffects(told, options), '']
}

function stepRow(step: Step, options: ExplanationOptions): readonly string[] {
  const { token, what, span, effects, left } = step
  const changes = [describeEffects(effects, options), ...step.options.map(describeOption)]
  if (step.profile !== undefined) changes.push(`profile ${step.profile}`)
  const change = changes.filter((text) => text !== '').join('; ') || 'nothing'
  const counts = effects.map(({ list }) =>
    printCount(left[list], LIST_TITLES[list].replace(/s$/, '')),
  )
  return [token.text, what, formatLocation(span), change, counts.join(', ')]
}

/** GnuTLS looks over the lists at the end. */
function adjustmentRow(
  { list, removed, reason }: Adjustment,
  options: ExplanationOptions,
): readonly string[] {
  const change = describeEffects([{ list, added: [], removed }], options)
  return ['(end)', 'GnuTLS itself', '', `${change}: ${reason}`, '']
}

function describeEffects(effects: readonly ListEffect[], { all }: ExplanationOptions): string {
  const limit = all ? Number.POSITIVE_INFINITY : SHOWN_NAMES
  const describe = (sign: string, names: readonly string[], title: string) =>
    `${sign} ${names.length > limit ? `${names.length} ${title}` : names.join(' ')}`
  return effects
    .flatMap(({ list, added, removed }) => [
      ...(removed.length > 0 ? [describe('-', removed, LIST_TITLES[list])] : []),
      ...(added.length > 0 ? [describe('+', added, LIST_TITLES[list])] : []),
    ])
    .join(', ')
}

function describeOption({ option, to }: OptionChange): string {
  return `${option} ${to}`
}

function printResult({ outcome }: Explanation): string {
  if (!outcome.ok) return 'GnuTLS refuses the string'
  const { suites, protocols, usableGroups, usableSignatures } = outcome.evaluation
  const counts = [
    printCount(suites.length, 'cipher suite'),
    printCount(protocols.length, 'protocol'),
    printCount(usableGroups.length, 'group'),
    printCount(usableSignatures.length, 'signature algorithm'),
  ]
  return `allows ${counts.join(', ')}`
}
