/** "Did you mean": the names nearest to a misspelt one. */

/**
 * The names within a third of the input's length in edits (insert, delete, replace, swap),
 * nearest first, at most three; before them those that the input is the beginning of. Case does not
 * count as an edit.
 */
export function suggest(input: string, names: readonly string[]): readonly string[] {
  const wanted = input.toUpperCase()
  const limit = Math.floor(wanted.length * 0.34) + 1
  const near: { name: string; distance: number; isCompletion: boolean }[] = []
  for (const name of names) {
    const known = name.toUpperCase()
    const distance = editDistance(wanted, known, limit)
    if (distance <= limit) near.push({ name, distance, isCompletion: known.startsWith(wanted) })
  }
  near.sort((a, b) => Number(b.isCompletion) - Number(a.isCompletion) || a.distance - b.distance)
  return near.slice(0, 3).map(({ name }) => name)
}

/** `did you mean A, B or C?`, or undefined where nothing is near. */
export function didYouMean(input: string, names: readonly string[]): string | undefined {
  const near = suggest(input, names)
  if (near.length === 0) return undefined
  const last = near.at(-1) ?? ''
  const list = near.length === 1 ? last : `${near.slice(0, -1).join(', ')} or ${last}`
  return `did you mean ${list}?`
}

/** A user does not read a longer list of names, and of one such list sees a few as examples. */
const LISTED_NAMES = 50
const EXAMPLES = 3

/** The names nearest to a misspelt one; where nothing is near, what names there are. */
export function nearestOrKnown(input: string, names: readonly string[]): string | undefined {
  const near = didYouMean(input, names)
  if (near !== undefined || names.length === 0) return near
  return names.length > LISTED_NAMES
    ? `for instance ${names.slice(0, EXAMPLES).join(', ')}`
    : `known are ${names.join(', ')}`
}

/** Optimal string alignment distance, or `limit + 1` as soon as it cannot be within the limit. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit || a.length > 100) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      current.push(alignmentCost(a, b, row, column, beforeLast, last, current))
    }
    if (Math.min(...current) > limit) return limit + 1
    beforeLast = last
    last = current
  }
  return last[b.length] ?? limit + 1
}

function alignmentCost(
  a: string,
  b: string,
  row: number,
  column: number,
  beforeLast: readonly number[],
  last: readonly number[],
  current: readonly number[],
): number {
  const same = a[row - 1] === b[column - 1]
  const cost = Math.min(
    (last[column] ?? 0) + 1,
    (current[column - 1] ?? 0) + 1,
    (last[column - 1] ?? 0) + (same ? 0 : 1),
  )
  // Before the first letter there is none, which is no letter of the other word either.
  const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
  return swapped ? Math.min(cost, (beforeLast[column - 2] ?? 0) + 1) : cost
}
