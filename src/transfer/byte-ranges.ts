/** A set of bytes as ranges that do not touch, ascending. */

/** Half-open. */
export type ByteRange = readonly [start: number, end: number]

export class ByteRanges {
  #ranges: ByteRange[]

  constructor(ranges: readonly ByteRange[] = []) {
    this.#ranges = []
    for (const [start, end] of ranges) this.add(start, end)
  }

  add(start: number, end: number): void {
    if (end <= start) return
    const ranges = this.#ranges
    const first = this.#firstEndingAt(start)
    let last = first
    let joined: ByteRange = [start, end]
    for (let next = ranges[last]; next && next[0] <= end; next = ranges[++last]) {
      joined = [Math.min(joined[0], next[0]), Math.max(joined[1], next[1])]
    }
    ranges.splice(first, last - first, joined)
  }

  /** The ranges, for a file. */
  toArray(): readonly ByteRange[] {
    return this.#ranges.slice()
  }

  /** How many bytes. */
  get total(): number {
    return this.#ranges.reduce((sum, [start, end]) => sum + end - start, 0)
  }

  /** What is not in the set, of the bytes below `size`. */
  missing(size: number): readonly ByteRange[] {
    const gaps: ByteRange[] = []
    let at = 0
    for (const [start, end] of this.#ranges) {
      if (start >= size) break
      if (start > at) gaps.push([at, start])
      at = end
    }
    if (at < size) gaps.push([at, size])
    return gaps
  }

  /** The first range that ends at an offset or behind it. */
  #firstEndingAt(offset: number): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ranges[middle]?.[1] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
