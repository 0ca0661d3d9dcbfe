/** Notices that nothing came for too long. */
export class SilenceWatch {
  readonly #onSilence: () => void
  #timer: NodeJS.Timeout | undefined
  #limit = 0

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence
  }

  /**
   * Something came.
   *
   * @param limit How long the next silence may be, in milliseconds; 0 for any length.
   */
  touch(limit: number): void {
    if (limit === this.#limit && this.#timer) {
      this.#timer.refresh()
      return
    }
    this.stop()
    this.#limit = limit
    if (limit > 0) this.#timer = setTimeout(this.#onSilence, limit)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
