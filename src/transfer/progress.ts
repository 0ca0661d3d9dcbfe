/** How far a transfer has come, for progress bars and logs. */

export type TransferProgress = {
  readonly phase: 'copy' | 'verify'
  /** Bytes that are done, of `total`. */
  readonly done: number
  readonly total: number
}
