/** How long a guest takes to go. */

export class MigrationTimes {
  readonly #begun = performance.now()
  #activeAt: number | undefined
  #endedAt: number | undefined

  get isActive(): boolean {
    return this.#activeAt !== undefined
  }

  /** The first byte goes. */
  activate(): void {
    this.#activeAt = performance.now()
  }

  end(): void {
    this.#endedAt = performance.now()
  }

  /** In milliseconds: until the first byte went. */
  get setup(): number {
    return (this.#activeAt ?? this.#now) - this.#begun
  }

  /** In milliseconds: until it ended, or until now. */
  get total(): number {
    return this.#now - this.#begun
  }

  get #now(): number {
    return this.#endedAt ?? performance.now()
  }
}
