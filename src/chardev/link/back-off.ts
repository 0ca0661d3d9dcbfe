/** How long to wait before the next attempt to connect: longer each time, up to a limit. */

/** Of the first wait. */
const LONGEST = 16

/** In milliseconds; a longer first wait stays as it is. */
const LIMIT = 60_000

export class BackOff {
  readonly #first: number
  #next: number

  /** @param first In milliseconds. */
  constructor(first: number) {
    this.#first = first
    this.#next = first
  }

  /** In milliseconds. */
  next(): number {
    const wait = this.#next
    const limit = Math.max(this.#first, Math.min(LIMIT, this.#first * LONGEST))
    this.#next = Math.min(limit, wait * 2)
    return wait
  }

  /** After a connection that lasted. */
  reset(): void {
    this.#next = this.#first
  }
}
