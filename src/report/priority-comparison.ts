/** Prints what changes from one evaluated priority string to another. */
import type { ListDifference, PriorityDifference } from '../priority/diff.ts'

/** What the two sides are called. */
export type ComparedSides = { readonly first: string; readonly second: string }

/** Lines as the comparison of policies has them: a heading for each list, then its changes. */
export function printPriorityComparison(
  differences: readonly PriorityDifference[],
  sides: ComparedSides,
): readonly string[] {
  return differences.flatMap((difference) => printDifference(difference, sides))
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

function printList({ list, added, removed, reordered }: ListDifference): readonly string[] {
  return [
    `${list}:`,
    ...removed.map((name) => `  - ${name}`),
    ...added.map((name) => `  + ${name}`),
    ...(reordered ? ['  what both allow is preferred in another order'] : []),
  ]
}
