/** A guest that was to go, where the command for that was refused: as in QEMU, it has failed. */
export class RefusedMigration {
  readonly kind = 'refused'
  readonly status = 'failed'
  readonly isOver = true
  readonly error: string | undefined

  /** @param error Why, for `error-desc`. */
  constructor(error: string | undefined) {
    this.error = error
  }

  cancel(): void {}

  async close(): Promise<void> {}
}
