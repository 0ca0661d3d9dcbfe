/** Compares what two sides allow of TLS: policies, strings, endpoints or scans, in any pair. */
import type { AllowedTls, MinimumKeySizes } from './allowed-tls.ts'

/** The lists of what is allowed. */
export type AllowedList = Exclude<keyof AllowedTls, 'minimumKeySizes'>

export const ALLOWED_LISTS = [
  'versions',
  'suites',
  'groups',
  'signatureSchemes',
] as const satisfies readonly AllowedList[]

/** What both sides have, in the order of each. */
export type Reordering = { readonly before: readonly string[]; readonly after: readonly string[] }

export type NamesDifference = {
  /** What only the second side has. */
  readonly extra: readonly string[]
  /** What only the first side has. */
  readonly missing: readonly string[]
  /** Undefined where both sides have one order. */
  readonly reordering: Reordering | undefined
}

/** A smallest key of both sides, in bits. */
export type KeySizeDifference = {
  readonly key: keyof MinimumKeySizes
  readonly before: number
  readonly after: number
  /** The second side takes smaller keys. */
  readonly isWeaker: boolean
}

/** Names are those of the IANA registry. */
export type AllowedDifference = { readonly [List in AllowedList]: NamesDifference } & {
  readonly keySizes: readonly KeySizeDifference[]
}

type Named = { readonly name: string }

/** How the second side differs from the first. */
export function compareAllowed(first: AllowedTls, second: AllowedTls): AllowedDifference {
  return {
    versions: compareNamed(first.versions, second.versions),
    suites: compareNamed(first.suites, second.suites),
    groups: compareNamed(first.groups, second.groups),
    signatureSchemes: compareNamed(first.signatureSchemes, second.signatureSchemes),
    keySizes: compareKeySizes(first.minimumKeySizes, second.minimumKeySizes),
  }
}

/** Whether the second side allows anything that the first does not, in algorithms or in sizes. */
export function isLooser(difference: AllowedDifference): boolean {
  return (
    ALLOWED_LISTS.some((list) => difference[list].extra.length > 0) ||
    difference.keySizes.some(({ isWeaker }) => isWeaker)
  )
}

/** How the second of two lists in order of preference differs from the first. */
export function compareNamed(first: readonly Named[], second: readonly Named[]): NamesDifference {
  const [before, after] = [namesOf(first), namesOf(second)]
  const missing = without(before, after)
  const extra = without(after, before)
  const common = { before: without(before, missing), after: without(after, extra) }
  const isReordered = common.before.some((name, at) => common.after[at] !== name)
  return { extra, missing, reordering: isReordered ? common : undefined }
}

function compareKeySizes(
  first: MinimumKeySizes,
  second: MinimumKeySizes,
): readonly KeySizeDifference[] {
  const keys = Object.keys(first) as (keyof MinimumKeySizes)[]
  return keys
    .filter((key) => first[key] !== second[key])
    .map((key) => ({
      key,
      before: first[key],
      after: second[key],
      isWeaker: second[key] < first[key],
    }))
}

function namesOf(rows: readonly Named[]): readonly string[] {
  return rows.map(({ name }) => name)
}

function without(names: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Set(others)
  return names.filter((name) => !left.has(name))
}
