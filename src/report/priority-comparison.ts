/** Prints what changes from one evaluated priority string to another. */

import type { Reordering } from '../algorithms/compare-allowed.ts'
import type { JsonResult } from '../diagnostics/diagnostic-json.ts'
import { findMoves } from '../policy/reordering.ts'
import type { ListDifference, PriorityDifference } from '../priority/evaluation-difference.ts'
import { movesToJson } from './policy-comparison.ts'

/** What the two sides are called. */
export type ComparedSides = { readonly first: string; readonly second: string }

/** Lines as the comparison of policies has them: a heading for each list, then its changes. */
export function printPriorityComparison(
  differences: readonly PriorityDifference[],
  sides: ComparedSides,
): readonly string[] {
  return differences.flatMap((difference) => printDifference(difference, sides))
}

/** For --json: the same keys as a comparison of policies, which has a change for each value. */
export function priorityComparisonToJson(
  differences: readonly PriorityDifference[],
  { first, second }: ComparedSides,
): JsonResult {
  const changes = differences.flatMap(changesOf)
  const groups = changes.length === 0 ? [] : [{ places: [], everywhere: true, changes }]
  return { before: first, after: second, groups }
}

function changesOf(difference: PriorityDifference): readonly JsonResult[] {
  const causes = { before: null, after: null }
  switch (difference.kind) {
    case 'list': {
      const { list: property, removed, added, reordering } = difference
      return [
        ...removed.map((value) => ({ kind: 'disabled', property, value, causes })),
        ...added.map((value) => ({ kind: 'enabled', property, value, causes })),
        ...(reordering ? [reorderedToJson(property, reordering)] : []),
      ]
    }
    case 'setting': {
      const { name: property, from: before, to: after } = difference
      return [{ kind: 'set', property, before, after, causes }]
    }
    case 'usability':
      return [{ kind: 'refused', side: difference.usable === 'first' ? 'after' : 'before' }]
  }
}

function reorderedToJson(property: string, { before, after }: Reordering): JsonResult {
  return {
    kind: 'reordered',
    property,
    moves: movesToJson(findMoves(before, after)),
    before,
    after,
  }
}

function printDifference(difference: PriorityDifference, sides: ComparedSides): readonly string[] {
  switch (difference.kind) {
    case 'list':
      return printList(difference)
    case 'setting':
      return [`${difference.name}:`, `  ${difference.from} -> ${difference.to}`]
    case 'usability':
      return [`refused: ${sides[difference.usable === 'first' ? 'second' : 'first']}`]
  }
}

function printList({ list, added, removed, reordering }: ListDifference): readonly string[] {
  return [
    `${list}:`,
    ...removed.map((name) => `  - ${name}`),
    ...added.map((name) => `  + ${name}`),
    ...(reordering ? ['  what both allow is preferred in another order'] : []),
  ]
}
