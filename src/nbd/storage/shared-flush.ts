/** Waits for the disk once for all who ask at the same time. */

export class SharedFlush {
  readonly #sync: () => Promise<void>
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  /** @param sync Makes what was written before its call survive a power cut. */
  constructor(sync: () => Promise<void>) {
    this.#sync = sync
  }

  /**
   * A sync that is under way may have missed the latest writes: only one that begins later counts.
   *
   * Once one has failed, all fail: the kernel tells of lost writes once, and then forgets them.
   */
  run(): Promise<void> {
    if (!this.#running) return this.#begin()
    const begin = () => {
      this.#next = undefined
      return this.#begin()
    }
    this.#next ??= this.#running.then(begin, begin)
    return this.#next
  }

  #begin(): Promise<void> {
    const running = this.#syncUnlessFailed().finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }

  async #syncUnlessFailed(): Promise<void> {
    if (this.#failure) throw this.#failure.error
    try {
      await this.#sync()
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }
}
