/**
 * Turns at work that costs much: so many at the same time for all clients, and one client after the
 * other, so that a client with many requests does not keep others waiting.
 */
export class Turns {
  readonly #limit: number
  /** Those who wait, by client; the client whose turn is next stands first. */
  readonly #waiting = new Map<object, (() => void)[]>()
  #underWay = 0

  /** @param limit How much work is under way at the same time. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Runs work of a client when its turn has come. */
  async take<Result>(client: object, work: () => Promise<Result>): Promise<Result> {
    if (this.#underWay >= this.#limit) await this.#wait(client)
    else this.#underWay++
    try {
      return await work()
    } finally {
      const next = this.#next()
      if (next) next()
      else this.#underWay--
    }
  }

  #wait(client: object): Promise<void> {
    return new Promise((resolve) => {
      const own = this.#waiting.get(client)
      if (own) own.push(resolve)
      else this.#waiting.set(client, [resolve])
    })
  }

  #next(): (() => void) | undefined {
    for (const [client, own] of this.#waiting) {
      const first = own.shift()
      this.#waiting.delete(client)
      // It goes to the end of the line.
      if (own.length > 0) this.#waiting.set(client, own)
      return first
    }
    return undefined
  }
}
