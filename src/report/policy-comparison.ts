/** Prints a comparison of policies, for people: a heading for each group of places, then changes. */
import { type JsonResult, locationToJson } from '../diagnostics/diagnostic-json.ts'
import { formatLocation } from '../diagnostics/source.ts'
import type { ChangeGroup, PolicyChange, PolicyComparison } from '../policy/compare.ts'
import { namePlaces } from '../policy/places-in-words.ts'
import type { Move } from '../policy/reordering.ts'

/** The most moves that are told one by one. Where there are more, the new order is clearer. */
const TOLD_MOVES = 3

export type ComparisonOptions = {
  /** Also name the directive that made each change. */
  readonly showCauses?: boolean
}

/** The lines of a comparison, without colour and line ends; none where both mean the same. */
export function printComparison(
  { groups }: PolicyComparison,
  options: ComparisonOptions = {},
): readonly string[] {
  return groups.flatMap((group) => printGroup(group, options))
}

/** For --json. */
export function comparisonToJson({ before, after, groups }: PolicyComparison): JsonResult {
  return {
    before,
    after,
    groups: groups.map((group) => ({ ...group, changes: group.changes.map(changeToJson) })),
  }
}

function changeToJson(change: PolicyChange): JsonResult {
  if (change.kind === 'reordered') return { ...change, moves: movesToJson(change.moves) }
  const { before, after } = change.causes
  return { ...change, causes: { before: locationToJson(before), after: locationToJson(after) } }
}

/** A value that is now first follows none. */
export function movesToJson(moves: readonly Move[]): readonly JsonResult[] {
  return moves.map(({ value, after = null }) => ({ value, after }))
}

function printGroup(group: ChangeGroup, options: ComparisonOptions): readonly string[] {
  const heading = `${group.everywhere ? 'everywhere' : namePlaces(group.places)}:`
  const changes = options.showCauses
    ? group.changes.map((change) => `${printChange(change)}${printCause(change)}`)
    : collectValues(group.changes)
  return [heading, ...changes.map((line) => `  ${line}`)]
}

/** One line for all values of a property that are enabled, one for all that are disabled. */
function collectValues(changes: readonly PolicyChange[]): readonly string[] {
  const groups = Map.groupBy(changes, ({ kind, property }) => `${kind} ${property}`)
  return [...groups.values()].flatMap((members) => {
    const first = members[0]
    if (first?.kind !== 'enabled' && first?.kind !== 'disabled') return members.map(printChange)
    const sign = first.kind === 'enabled' ? '+' : '-'
    const values = members.map((member) => ('value' in member ? `${sign} ${member.value}` : ''))
    return [`${first.property} ${values.join(', ')}`]
  })
}

/** `cipher - AES-128-CBC`, `min_rsa_size 3072 -> 2048`, `group order: X25519 first` */
function printChange(change: PolicyChange): string {
  switch (change.kind) {
    case 'enabled':
      return `${change.property} + ${change.value}`
    case 'disabled':
      return `${change.property} - ${change.value}`
    case 'set':
      return `${change.property} ${change.before} -> ${change.after}`
    case 'reordered':
      return `${change.property} order: ${printOrder(change.moves, change.after)}`
  }
}

function printOrder(moves: readonly Move[], order: readonly string[]): string {
  return moves.length > TOLD_MOVES ? order.join(' ') : moves.map(printMove).join(', ')
}

function printMove({ value, after }: Move): string {
  return after === undefined ? `${value} first` : `${value} after ${after}`
}

/** The directive of the new policy, else that of the old one. */
function printCause(change: PolicyChange): string {
  if (change.kind === 'reordered') return ''
  const { before, after } = change.causes
  const cause = after ?? before
  return cause ? `  (${formatLocation(cause)})` : ''
}
