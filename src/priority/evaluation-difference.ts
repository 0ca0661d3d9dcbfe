/** Compares two evaluations by meaning: two strings, or one string in two releases. */
import type { MinimumKeySizes } from '../algorithms/allowed-tls.ts'
import {
  compareAllowed,
  compareNamed,
  type NamesDifference,
  type Reordering,
} from '../algorithms/compare-allowed.ts'
import { allowedTls, type Evaluation, type EvaluationOutcome } from './evaluate.ts'
import type { PriorityOptions } from './string-options.ts'

/** What is compared, in the terms of TLS. */
type ComparedList =
  | 'versions'
  | 'suites'
  | 'groups'
  | 'signature schemes'
  | 'client certificate types'
  | 'server certificate types'

export type ListDifference = {
  readonly kind: 'list'
  readonly list: ComparedList
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** What both allow, in both orders; undefined where it is one order. */
  readonly reordering: Reordering | undefined
}

type SettingDifference = {
  readonly kind: 'setting'
  readonly name: keyof PriorityOptions | 'profile' | 'minimum key size'
  readonly from: string
  readonly to: string
}

/** Only one of the two can be used at all. */
type UsabilityDifference = {
  readonly kind: 'usability'
  readonly usable: 'first' | 'second'
}

export type PriorityDifference = ListDifference | SettingDifference | UsabilityDifference

/** What changes from one string to another; nothing where both mean the same, or neither anything. */
export function diffOutcomes(
  first: EvaluationOutcome,
  second: EvaluationOutcome,
): readonly PriorityDifference[] {
  if (first.ok && second.ok) return diffEvaluations(first.evaluation, second.evaluation)
  if (first.ok === second.ok) return []
  return [{ kind: 'usability', usable: first.ok ? 'first' : 'second' }]
}

/** What changes from one evaluation to another. */
function diffEvaluations(first: Evaluation, second: Evaluation): readonly PriorityDifference[] {
  return [...diffLists(first, second), ...diffOptions(first, second), ...diffKeys(first, second)]
}

function diffLists(first: Evaluation, second: Evaluation): readonly ListDifference[] {
  const allowed = compareAllowed(allowedTls(first), allowedTls(second))
  const lists: readonly (readonly [ComparedList, NamesDifference])[] = [
    ['versions', allowed.versions],
    ['suites', allowed.suites],
    ['groups', allowed.groups],
    ['signature schemes', allowed.signatureSchemes],
    ['client certificate types', compareNamed(first.clientCertificates, second.clientCertificates)],
    ['server certificate types', compareNamed(first.serverCertificates, second.serverCertificates)],
  ]
  return lists.flatMap(([list, { extra: added, missing: removed, reordering }]) =>
    added.length + removed.length === 0 && !reordering
      ? []
      : [{ kind: 'list', list, added, removed, reordering }],
  )
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
