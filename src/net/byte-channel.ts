/** A connection while it is negotiated: exactly so many bytes in, or the reason why there are none. */
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

/** Thrown where the connection ends before all bytes that are waited for are there. */
export class ConnectionEnded extends Error {
  /** @param cause What broke it; undefined where the peer closed it in order. */
  constructor(cause: unknown) {
    super('the connection ended', { cause })
    this.name = 'ConnectionEnded'
  }
}

export class ByteChannel {
  #stream: Duplex
  #ended = false
  #error: unknown
  #wake: () => void = () => {}

  constructor(stream: Duplex) {
    this.#stream = stream
    this.#watch()
  }

  /** Where the next byte comes from. */
  get stream(): Duplex {
    return this.#stream
  }

  /** Whether the peer can still be asked. */
  get isOpen(): boolean {
    return !this.#ended
  }

  /** Whether anything has arrived that was not read. */
  get hasUnreadBytes(): boolean {
    return this.#stream.readableLength > 0
  }

  /** @throws ConnectionEnded */
  async read(length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0)
    for (;;) {
      const bytes: Buffer | null = this.#stream.read(length)
      if (bytes?.length === length) return bytes
      if (this.#ended) throw new ConnectionEnded(this.#error)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Waits until the peer reads, where it has not read all that was sent to it. */
  async write(bytes: Buffer): Promise<void> {
    if (this.#stream.write(bytes)) return
    while (this.#stream.writableNeedDrain && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /**
   * Throws away what has arrived and was not read.
   *
   * @throws ConnectionEnded where the end of the connection came behind it.
   */
  async discard(): Promise<void> {
    while (this.#stream.read() !== null);
    // The end is told with the next turn of the event loop.
    await setImmediate()
    while (this.#stream.read() !== null);
    if (this.#ended) throw new ConnectionEnded(this.#error)
  }

  /** Goes on over the stream of a session, such as one that speaks TLS over this one. */
  async replace<Session extends { readonly socket: Duplex }>(
    wrap: (stream: Duplex) => Promise<Session>,
  ): Promise<Session> {
    this.#unwatch()
    const session = await wrap(this.#stream)
    this.#stream = session.socket
    this.#watch()
    return session
  }

  /** Hands the stream over, with what it holds unread. */
  release(): Duplex {
    this.#unwatch()
    return this.#stream
  }

  #watch(): void {
    this.#stream.on('readable', this.#onChange)
    this.#stream.on('drain', this.#onChange)
    this.#stream.on('end', this.#onEnd)
    this.#stream.on('close', this.#onEnd)
    this.#stream.on('error', this.#onError)
  }

  #unwatch(): void {
    this.#stream.off('readable', this.#onChange)
    this.#stream.off('drain', this.#onChange)
    this.#stream.off('end', this.#onEnd)
    this.#stream.off('close', this.#onEnd)
    this.#stream.off('error', this.#onError)
  }

  readonly #onChange = (): void => this.#wake()

  readonly #onEnd = (): void => {
    this.#ended = true
    this.#wake()
  }

  readonly #onError = (error: Error): void => {
    this.#error ??= error
    this.#onEnd()
  }
}
