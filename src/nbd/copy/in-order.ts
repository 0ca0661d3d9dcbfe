/** Works that go on side by side, and whose results are taken one by one in the order they were begun. */

export class InOrder<Result> {
  readonly #limit: number
  readonly #take: (result: Result) => Promise<void>
  readonly #works: Promise<Result>[] = []

  /** @param limit How many works at a time. */
  constructor(limit: number, take: (result: Result) => Promise<void>) {
    this.#limit = limit
    this.#take = take
  }

  /** Takes results until there is room for another work. */
  async add(work: Promise<Result>): Promise<void> {
    // Its error is thrown when its turn comes.
    work.catch(() => {})
    this.#works.push(work)
    while (this.#works.length >= this.#limit) await this.#takeFirst()
  }

  /** Takes all results. Where one is an error, the others have ended before it is thrown. */
  async end(): Promise<void> {
    try {
      while (this.#works.length > 0) await this.#takeFirst()
    } finally {
      await Promise.allSettled(this.#works.splice(0))
    }
  }

  async #takeFirst(): Promise<void> {
    const first = this.#works.shift()
    if (first) await this.#take(await first)
  }
}
