/** How far a migration is sent: bytes of all channels, and by their marks the pages and the pass. */
import type { StoredMigration } from './stored-migration.ts'

export type SendProgress = {
  /** Of all channels. */
  readonly bytes: number
  readonly pages: number
  /** The pass over the guest's memory that goes on, counted from 1; 0 before the first. */
  readonly pass: number
}

export class SendCount {
  readonly #channels: StoredMigration['channels']
  /** Of each channel. */
  readonly #sent: number[]
  #bytes = 0

  constructor({ channels }: StoredMigration) {
    this.#channels = channels
    this.#sent = channels.map(() => 0)
  }

  /** Of all channels. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param channel Its number, in the order of the stored migration. */
  add(channel: number, bytes: number): void {
    this.#bytes += bytes
    this.#sent[channel] = (this.#sent[channel] ?? 0) + bytes
  }

  get progress(): SendProgress {
    const marks = this.#channels.map(({ start, marks }, channel) =>
      marks.before(start + (this.#sent[channel] ?? 0)),
    )
    const pages = marks.reduce((sum, mark) => sum + mark.pages, 0)
    return { bytes: this.#bytes, pages, pass: marks[0]?.pass ?? 0 }
  }
}
