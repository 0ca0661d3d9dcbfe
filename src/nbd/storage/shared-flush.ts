/** Waits for the disk once for all who ask at the same time. */

export class SharedFlush {
  readonly #sync: () => Promise<void>
  #failure: { readonly error: unknown } | undefined
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  /** @param sync Makes what was written before its call survive a power cut. */
  constructor(sync: () => Promise<void>) {
    this.#sync = sync
  }

  /**
   * A sync that is under way may have missed the latest writes: only one that begins later counts.
   * Once one has failed, all do: Linux forgets what it could not write, and would report success.
   */
  run(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure.error)
    if (!this.#running) return this.#begin()
    const begin = () => {
      this.#next = undefined
      return this.run()
    }
    this.#next ??= this.#running.then(begin, begin)
    return this.#next
  }

  #begin(): Promise<void> {
    const running = this.#sync()
      .catch((error: unknown) => {
        this.#failure = { error }
        throw error
      })
      .finally(() => {
        if (this.#running === running) this.#running = undefined
      })
    this.#running = running
    return running
  }
}
