/** Where a received migration is kept: nothing of it is to be seen before it is whole. */
/** `main`, or `multifd-N`. */
type ChannelName = string

/** Takes the bytes of a channel. */
export interface ChannelWriter {
  /** Takes bytes, which the caller can use again. @throws DiagnosticError FILE_UNWRITABLE. */
  write(part: Buffer): Promise<void>
  /** The SHA-256 of all bytes, when they are in place; undefined where they are not kept. */
  readonly sha256: string | undefined
}

export interface MigrationStore {
  /** What it is called in messages. */
  readonly path: string
  /** @throws DiagnosticError FILE_UNWRITABLE. */
  open(channel: ChannelName): Promise<ChannelWriter>
  /** Where a channel is when the migration is whole; undefined where nothing is kept. */
  fileOf(channel: ChannelName): string | undefined
  /**
   * Puts all in place, after it is on disk.
   *
   * @throws DiagnosticError; then nothing was put in place.
   */
  publish(): Promise<void>
  /** Takes away what was written. Never throws. */
  discard(): Promise<void>
}
