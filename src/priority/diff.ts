/** Compares two evaluations by meaning: two strings, or one string in two releases. */
import type { MinimumKeySizes } from '../algorithms/allowed-tls.ts'
import type { Source } from '../diagnostics/source.ts'
import {
  allowedTls,
  type EvaluateOptions,
  type Evaluation,
  evaluatePriority,
  type Outcome,
} from './evaluate.ts'
import type { PriorityOptions } from './options.ts'

/** What is compared, in the terms of TLS. */
export type ComparedList =
  | 'versions'
  | 'suites'
  | 'groups'
  | 'signature schemes'
  | 'client certificate types'
  | 'server certificate types'

export type Reordering = { readonly before: readonly string[]; readonly after: readonly string[] }

export type ListDifference = {
  readonly kind: 'list'
  readonly list: ComparedList
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** What both allow, in both orders; undefined where it is one order. */
  readonly reordering: Reordering | undefined
}

export type SettingDifference = {
  readonly kind: 'setting'
  readonly name: keyof PriorityOptions | 'profile' | 'minimum key size'
  readonly from: string
  readonly to: string
}

/** Only one of the two can be used at all. */
export type UsabilityDifference = {
  readonly kind: 'usability'
  readonly usable: 'first' | 'second'
}

export type PriorityDifference = ListDifference | SettingDifference | UsabilityDifference

export type PriorityInRelease = EvaluateOptions & { readonly given: Source | undefined }

/** What changes from one string to another; nothing where both mean the same, or neither anything. */
export function diffPriorities(
  first: PriorityInRelease,
  second: PriorityInRelease,
): readonly PriorityDifference[] {
  return diffOutcomes(evaluatePriority(first.given, first), evaluatePriority(second.given, second))
}

/** What changes from one outcome to another. */
export function diffOutcomes(first: Outcome, second: Outcome): readonly PriorityDifference[] {
  if (first.ok && second.ok) return diffEvaluations(first.evaluation, second.evaluation)
  if (first.ok === second.ok) return []
  return [{ kind: 'usability', usable: first.ok ? 'first' : 'second' }]
}

/** What changes from one evaluation to another. */
export function diffEvaluations(
  first: Evaluation,
  second: Evaluation,
): readonly PriorityDifference[] {
  return [...diffLists(first, second), ...diffOptions(first, second), ...diffKeys(first, second)]
}

function diffLists(first: Evaluation, second: Evaluation): readonly ListDifference[] {
  const before = comparedLists(first)
  const after = comparedLists(second)
  return before.flatMap(([list, names], index) => diffNames(list, names, after[index]?.[1] ?? []))
}

function comparedLists(evaluation: Evaluation): readonly (readonly [ComparedList, string[]])[] {
  const { versions, suites, groups, signatureSchemes } = allowedTls(evaluation)
  return [
    ['versions', namesOf(versions)],
    ['suites', namesOf(suites)],
    ['groups', namesOf(groups)],
    ['signature schemes', namesOf(signatureSchemes)],
    ['client certificate types', namesOf(evaluation.clientCertificates)],
    ['server certificate types', namesOf(evaluation.serverCertificates)],
  ]
}

function diffNames(
  list: ComparedList,
  before: readonly string[],
  after: readonly string[],
): readonly ListDifference[] {
  const added = after.filter((name) => !before.includes(name))
  const removed = before.filter((name) => !after.includes(name))
  const reordering = findReordering(before, after)
  if (added.length + removed.length === 0 && !reordering) return []
  return [{ kind: 'list', list, added, removed, reordering }]
}

function findReordering(
  first: readonly string[],
  second: readonly string[],
): Reordering | undefined {
  const before = first.filter((name) => second.includes(name))
  const after = second.filter((name) => first.includes(name))
  return before.join() === after.join() ? undefined : { before, after }
}

function diffOptions(first: Evaluation, second: Evaluation): readonly SettingDifference[] {
  const names = Object.keys(first.options) as (keyof PriorityOptions)[]
  return names
    .filter((name) => first.options[name] !== second.options[name])
    .map((name) => ({
      kind: 'setting',
      name,
      from: String(first.options[name]),
      to: String(second.options[name]),
    }))
}

function diffKeys(first: Evaluation, second: Evaluation): readonly SettingDifference[] {
  const profile = { from: first.profile ?? 'none', to: second.profile ?? 'none' }
  const sizes = { from: printSizes(first), to: printSizes(second) }
  const both: readonly SettingDifference[] = [
    { kind: 'setting', name: 'profile', ...profile },
    { kind: 'setting', name: 'minimum key size', ...sizes },
  ]
  return both.filter(({ from, to }) => from !== to)
}

function printSizes(evaluation: Evaluation): string {
  const sizes: MinimumKeySizes = allowedTls(evaluation).minimumKeySizes
  return Object.entries(sizes)
    .map(([key, bits]) => `${key} ${bits}`)
    .join(', ')
}

function namesOf(rows: readonly { readonly name: string }[]): string[] {
  return rows.map(({ name }) => name)
}
