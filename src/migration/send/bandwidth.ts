/** How many bytes a second are sent at most, over all channels; it can be changed at any time. */
import { setTimeout as delay } from 'node:timers/promises'

const SECOND = 1000

/** What is saved up while nothing is sent, in seconds of the rate. */
const BURST = 0.1

/** A wait ends after this time in any case, so that a changed rate counts; in milliseconds. */
const LONGEST_WAIT = 200

export class Bandwidth {
  readonly #now: () => number
  #limit: number
  /** Bytes that may be sent at once. */
  #saved = 0
  #savedAt: number

  /**
   * @param limit Bytes a second; Infinity for no limit.
   * @param now The time in milliseconds.
   */
  constructor(limit = Number.POSITIVE_INFINITY, now: () => number = () => performance.now()) {
    this.#limit = limit
    this.#now = now
    this.#savedAt = now()
  }

  /** Bytes a second. */
  get limit(): number {
    return this.#limit
  }

  /** @public */
  set limit(limit: number) {
    this.#save()
    this.#limit = limit
  }

  /** Waits until some of so many bytes may be sent. @returns how many. */
  async take(wanted: number, signal?: AbortSignal): Promise<number> {
    for (;;) {
      if (this.#limit === Number.POSITIVE_INFINITY) return wanted
      this.#save()
      // A few bytes at a time would be a few bytes in each record of TLS.
      const least = Math.min(wanted, Math.max(1, this.#limit * BURST))
      if (this.#saved >= least) {
        const taken = Math.min(wanted, Math.floor(this.#saved))
        this.#saved -= taken
        return taken
      }
      const wait = ((least - this.#saved) / this.#limit) * SECOND
      await delay(Math.min(LONGEST_WAIT, Math.max(1, wait)), undefined, { signal })
    }
  }

  #save(): void {
    const now = this.#now()
    const earned = ((now - this.#savedAt) / SECOND) * this.#limit
    this.#savedAt = now
    this.#saved = Math.min(this.#saved + earned, Math.max(1, this.#limit * BURST))
  }
}
