/**
 * Carries bytes from one connection to another, one direction of a relayed channel: no faster than
 * they are taken, and up to the end, which is passed on while the other direction goes on.
 */
import type { Duplex } from 'node:stream'
import { ConnectionEnded } from '../net/byte-channel.ts'
import { takeReceivedBytes } from '../tls/received-bytes.ts'

/** Bytes that may wait to be taken before no more are read. */
const WINDOW = 524_288

/** How much is written at a time, in bytes: eight full records of TLS. */
const PIECE = 131_072

export type PumpOptions = {
  readonly from: Duplex
  readonly to: Duplex
  /** Told how many bytes were read. */
  readonly count: (bytes: number) => void
  /** Shown the bytes as they are read; they are valid until it returns. It must not throw. */
  readonly watch?: ((bytes: Buffer) => void) | undefined
}

export class BytePump {
  readonly #options: PumpOptions
  readonly #end = Promise.withResolvers<void>()
  /** What was read and is not written. */
  #piece: Buffer = Buffer.allocUnsafeSlow(PIECE)
  #filled = 0
  /** Pieces that were written, to be used again. */
  readonly #free: Buffer[] = []
  #stopTaking: () => void = () => {}

  constructor(options: PumpOptions) {
    this.#options = options
  }

  /**
   * Resolves when the last byte and the end behind it were taken.
   *
   * @throws the error of either connection; ConnectionEnded where one ends early without any.
   */
  async run(): Promise<void> {
    const { from, to } = this.#options
    this.#watch()
    try {
      if (from.destroyed || to.destroyed) throw new ConnectionEnded(from.errored ?? to.errored)
      if (from.readableEnded) this.#onEnd()
      else {
        this.#stopTaking = takeReceivedBytes(from, this.#onBytes)
        from.resume()
      }
      await this.#end.promise
    } finally {
      this.#unwatch()
    }
  }

  /** Ends it before the end has come: what was read is written, and nothing more is read. */
  stop(): void {
    this.#unwatch()
    this.#options.from.pause()
    this.#writePiece()
    this.#end.resolve()
  }

  #watch(): void {
    const { from, to } = this.#options
    from.on('end', this.#onEnd)
    from.on('error', this.#onError).on('close', this.#onFromClose)
    to.on('drain', this.#onDrain).on('finish', this.#onFinish)
    to.on('error', this.#onError).on('close', this.#onToClose)
  }

  #unwatch(): void {
    const { from, to } = this.#options
    this.#stopTaking()
    from.off('end', this.#onEnd)
    from.off('error', this.#onError).off('close', this.#onFromClose)
    to.off('drain', this.#onDrain).off('finish', this.#onFinish)
    to.off('error', this.#onError).off('close', this.#onToClose)
  }

  /** The bytes are valid until it returns. */
  readonly #onBytes = (bytes: Buffer): void => {
    this.#options.count(bytes.length)
    this.#options.watch?.(bytes)
    // TLS gives its records one by one, all that have arrived in one turn of the event loop: they are
    // written together at its end.
    if (this.#filled === 0) setImmediate(this.#writePiece)
    for (let at = 0; at < bytes.length; ) {
      const count = bytes.copy(this.#piece, this.#filled, at)
      this.#filled += count
      at += count
      if (this.#filled === PIECE) this.#writePiece()
    }
  }

  readonly #writePiece = (): void => {
    const { from, to } = this.#options
    // A side that takes no more is told of by its own events.
    if (this.#filled === 0 || !to.writable) return
    const piece = this.#piece
    to.write(piece.subarray(0, this.#filled), () => void this.#free.push(piece))
    this.#piece = this.#free.pop() ?? Buffer.allocUnsafeSlow(PIECE)
    this.#filled = 0
    if (to.writableLength >= WINDOW) from.pause()
  }

  readonly #onDrain = (): void => void this.#options.from.resume()

  readonly #onEnd = (): void => {
    this.#writePiece()
    this.#options.to.end()
  }

  readonly #onFinish = (): void => this.#end.resolve()

  readonly #onError = (error: Error): void => this.#end.reject(error)

  /** After its end it may close. */
  readonly #onFromClose = (): void => {
    const { from } = this.#options
    if (!from.readableEnded) this.#end.reject(new ConnectionEnded(from.errored ?? undefined))
  }

  /** Where all was written, it has ended before. */
  readonly #onToClose = (): void =>
    this.#end.reject(new ConnectionEnded(this.#options.to.errored ?? undefined))
}
