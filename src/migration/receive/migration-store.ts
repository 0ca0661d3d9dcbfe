/** Where a received migration is kept: nothing of it is to be seen before it is whole. */
import type { PieceWriter } from './piece-writer.ts'

/** `main`, or `multifd-N`. */
type ChannelName = string

export interface MigrationStore {
  /** What it is called in messages. */
  readonly path: string
  /** @throws DiagnosticError FILE_UNWRITABLE. */
  open(channel: ChannelName): Promise<PieceWriter>
  /** Where a channel is when the migration is whole; undefined where nothing is kept. */
  fileOf(channel: ChannelName): string | undefined
  /**
   * Puts all in place, after it is on disk. All writers have finished.
   *
   * @param digests The SHA-256 of each channel, in hexadecimal digits.
   * @throws DiagnosticError; then nothing was put in place.
   */
  publish(digests: ReadonlyMap<ChannelName, string>): Promise<void>
  /** Takes away what was written. Never throws. */
  discard(): Promise<void>
}
