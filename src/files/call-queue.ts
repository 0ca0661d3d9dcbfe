/** Bounds how many calls are under way; the others begin in the order in which they were asked for. */
export class CallQueue {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #underWay = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#underWay >= this.#limit) {
      // The place of a call that ends is handed over, so no later one comes first.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#underWay++
    try {
      return await call()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#underWay--
    }
  }
}
