/** Explains a priority string token by token: what each is, where it stands, what it changed. */
import type { Source, Span } from '../diagnostics/source.ts'
import { algorithmRules } from './algorithm-rules.ts'
import {
  type EvaluateOptions,
  type EvaluationOutcome,
  evaluatePriority,
  type PriorityFailure,
} from './evaluate.ts'
import { type Instruction, parseToken } from './instruction.ts'
import {
  copyLists,
  itemsOf,
  LIST_NAMES,
  LIST_TITLES,
  type ListName,
  type PriorityLists,
} from './priority-lists.ts'
import { applyInstruction, type PriorityState, startState } from './priority-state.ts'
import type { ProfileName } from './profiles.ts'
import { DEFAULT_RELEASE, type GnutlsRelease } from './releases.ts'
import type { Adjustment } from './remove-unusable.ts'
import { isResolved, originOf, type Resolution, resolvePriority } from './resolve.ts'
import type { PriorityOptions } from './string-options.ts'
import { NO_CONFIG } from './system-config.ts'
import { systemRules } from './system-rules.ts'
import { type Token, tokenize } from './token.ts'
import { vocabularyOf } from './vocabulary.ts'

/** What happened to one list. */
export type ListEffect = {
  readonly list: ListName
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** A setting that changed, by its name in `PriorityOptions`. */
export type OptionChange = {
  readonly option: keyof PriorityOptions
  readonly from: boolean | string
  readonly to: boolean | string
}

/** What one token did. */
export type Step = {
  readonly token: Token
  /** Where it is written: in the string that was given, or in the configuration file. */
  readonly span: Span
  readonly instruction: Instruction
  /** In words: `level`, `cipher`, `set of groups`, `option`, `ignored`, `unknown`. */
  readonly what: string
  readonly effects: readonly ListEffect[]
  readonly options: readonly OptionChange[]
  /** The verification profile after it, where it changed. */
  readonly profile?: ProfileName | undefined
  /** How many items each list holds after it. */
  readonly left: Readonly<Record<ListName, number>>
}

/** A string with what every token of it did. */
export type Explanation = {
  readonly release: GnutlsRelease
  /** Undefined where no keyword was found. */
  readonly resolution: Resolution | undefined
  /** What the lists hold before the first token. */
  readonly start: readonly ListEffect[]
  /** Up to the token that GnuTLS does not know, if there is one. */
  readonly steps: readonly Step[]
  /** What GnuTLS removes at the end. */
  readonly adjustments: readonly Adjustment[]
  readonly outcome: EvaluationOutcome
}

const SINGULAR: Readonly<Record<ListName, string>> = {
  protocols: 'protocol',
  ciphers: 'cipher',
  macs: 'MAC',
  keyExchanges: 'key exchange',
  groups: 'group',
  signatures: 'signature algorithm',
  clientCertificates: 'client certificate type',
  serverCertificates: 'server certificate type',
}

/** Explains a string, or the default where none is given. A string that fails is explained too. */
export function explainPriority(
  given: Source | undefined,
  options: EvaluateOptions = {},
): Explanation {
  const { release = DEFAULT_RELEASE, config = NO_CONFIG } = options
  const outcome = evaluatePriority(given, options)
  const resolution = resolvePriority(given, config, release)
  const adjustments = adjustmentsOf(outcome)
  if (!isResolved(resolution)) {
    return { release, resolution: undefined, start: [], steps: [], adjustments, outcome }
  }
  return { release, resolution, ...traceSteps(resolution, options), adjustments, outcome }
}

function adjustmentsOf(outcome: EvaluationOutcome): readonly Adjustment[] {
  if (outcome.ok) return outcome.evaluation.adjustments
  const { failure }: { failure: PriorityFailure } = outcome
  return failure.kind === 'insufficient' ? failure.adjustments : []
}

function traceSteps(
  resolution: Resolution,
  { release = DEFAULT_RELEASE, config = NO_CONFIG }: EvaluateOptions,
): Pick<Explanation, 'start' | 'steps'> {
  const vocabulary = vocabularyOf(release)
  const rules = algorithmRules(systemRules(config, release))
  const tokens = tokenize(resolution.text)
  const state = startState(tokens[0], vocabulary)
  const start = effectsBetween(undefined, state.lists)
  const steps: Step[] = []
  for (const token of tokens) {
    const before = { ...state, lists: copyLists(state.lists) }
    const parsed = parseToken(token, vocabulary)
    const known = applyInstruction(state, parsed, rules)
    const instruction: Instruction = known ? parsed : { kind: 'unknown' }
    const span = originOf(resolution, token.start, token.end)
    steps.push({ token, span, instruction, ...describeChange(instruction, before, state) })
    if (!known) break
  }
  return { start, steps }
}

function describeChange(
  instruction: Instruction,
  before: PriorityState,
  after: PriorityState,
): Pick<Step, 'what' | 'effects' | 'options' | 'profile' | 'left'> {
  return {
    what: describeInstruction(instruction),
    effects: effectsBetween(before.lists, after.lists),
    options: optionChanges(before.options, after.options),
    ...(before.profile === after.profile ? {} : { profile: after.profile }),
    left: countItems(after.lists),
  }
}

function describeInstruction(instruction: Instruction): string {
  if (instruction.kind === 'none') return 'empty lists'
  if (instruction.kind === 'option') return isIgnored(instruction) ? 'ignored' : 'option'
  if (instruction.kind !== 'word') return instruction.kind
  const { kind, changes } = instruction.word
  if (kind === 'ignored') return 'ignored'
  const lists = [...new Set(changes.map((change) => change.list))]
  if (kind === 'set') return `set of ${lists.map((list) => LIST_TITLES[list]).join(', ')}`
  return lists.length === 1 ? lists.map((list) => SINGULAR[list]).join() : 'certificate type'
}

function isIgnored({ option }: Extract<Instruction, { kind: 'option' }>): boolean {
  return Object.keys(option.sets).length === 0 && option.profile === undefined
}

function effectsBetween(before: PriorityLists | undefined, after: PriorityLists): ListEffect[] {
  return LIST_NAMES.flatMap((list) => {
    const old = before ? namesOf(before, list) : []
    const now = namesOf(after, list)
    const added = now.filter((name) => !old.includes(name))
    const removed = old.filter((name) => !now.includes(name))
    return added.length + removed.length > 0 ? [{ list, added, removed }] : []
  })
}

function namesOf(lists: PriorityLists, list: ListName): readonly string[] {
  return itemsOf(lists, list).map((item) => item.name)
}

function optionChanges(before: PriorityOptions, after: PriorityOptions): readonly OptionChange[] {
  const names = Object.keys(after) as (keyof PriorityOptions)[]
  return names
    .filter((option) => before[option] !== after[option])
    .map((option) => ({ option, from: before[option], to: after[option] }))
}

function countItems(lists: PriorityLists): Readonly<Record<ListName, number>> {
  const counts = LIST_NAMES.map((list) => [list, lists[list].length])
  return Object.fromEntries(counts) as Record<ListName, number>
}
