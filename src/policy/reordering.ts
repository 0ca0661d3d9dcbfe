/** Which values of a list have moved, told in as few moves as there can be. */

/** A value that has another place. */
export type Move = {
  readonly value: string
  /** The value that it now follows, undefined where it is now first. */
  readonly after: string | undefined
}

/**
 * The moves that make one order of some values the other, in the order of the new one.
 *
 * @param from, to The same values in two orders.
 */
export function findMoves(from: readonly string[], to: readonly string[]): readonly Move[] {
  const formerIndex = new Map(from.map((value, index) => [value, index]))
  const kept = longestRise(to.map((value) => formerIndex.get(value) ?? 0))
  return to.flatMap((value, index) => (kept.has(index) ? [] : [{ value, after: to[index - 1] }]))
}

/** The indices of a longest rising subsequence; lists of algorithms are short enough for n². */
function longestRise(numbers: readonly number[]): ReadonlySet<number> {
  const lengths: number[] = []
  const previous: number[] = []
  for (const [index, number] of numbers.entries()) {
    let best = -1
    for (let before = 0; before < index; before++) {
      const rises = (numbers[before] ?? 0) < number
      if (rises && (best < 0 || (lengths[before] ?? 0) > (lengths[best] ?? 0))) best = before
    }
    previous.push(best)
    lengths.push(best < 0 ? 1 : (lengths[best] ?? 0) + 1)
  }
  const rise = new Set<number>()
  let at = lengths.indexOf(Math.max(0, ...lengths))
  for (; at >= 0; at = previous[at] ?? -1) rise.add(at)
  return rise
}
