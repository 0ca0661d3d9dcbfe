/** The bytes of a connection in large parts, with back-pressure: a source waits while a part is taken. */
import type { Duplex } from 'node:stream'
import { takeReceivedBytes } from '../../tls/received-bytes.ts'

/** Bytes of answers that a source may leave unread. */
const UNREAD_ANSWERS = 65_536

/** Bytes that are gathered while the last part is taken. */
const ENOUGH = 262_144

/** Room behind that for what the stream has read already when it is paused. */
const SLACK = 131_072

export class IncomingParts {
  readonly #stream: Duplex
  /** Where bytes are gathered, and the part that was given last. */
  #room = Buffer.allocUnsafeSlow(ENOUGH + SLACK)
  #given = Buffer.allocUnsafeSlow(ENOUGH + SLACK)
  #filled = 0
  readonly #closed = Promise.withResolvers<void>()
  #error: Error | undefined
  #isOver = false
  #wake: () => void = () => {}

  constructor(stream: Duplex) {
    this.#stream = stream
    stream.on('drain', () => this.#wake())
    stream.on('end', () => this.#end()).on('close', () => this.#close())
    stream.on('error', (error) => this.#end(error))
    takeReceivedBytes(stream, (bytes) => this.#gather(bytes))
  }

  /** What broke the connection; undefined where the source closed it, or it is open. */
  get error(): Error | undefined {
    return this.#error
  }

  /** Resolves when the connection is closed, also while no part is asked for, unless too much has come. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Whether bytes have come since the last part. */
  get hasMore(): boolean {
    return this.#filled > 0
  }

  /**
   * The bytes that came since the last part, as soon as there are some. They are valid until the next call.
   *
   * @returns undefined where none follow.
   */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      // A source that does not read its answers is not read either.
      const isHeard = this.#stream.writableLength <= UNREAD_ANSWERS || this.#isOver
      if (isHeard && this.#filled > 0) return this.#give()
      if (this.#isOver) return undefined
      if (isHeard) this.#stream.resume()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #give(): Buffer {
    const part = this.#room.subarray(0, this.#filled)
    const room = this.#given
    this.#given = this.#room
    this.#room = room
    this.#filled = 0
    return part
  }

  #gather(bytes: Buffer): void {
    if (bytes.length > this.#room.length - this.#filled) this.#enlarge(bytes.length)
    bytes.copy(this.#room, this.#filled)
    this.#filled += bytes.length
    if (this.#filled >= ENOUGH) this.#stream.pause()
    this.#wake()
  }

  #enlarge(length: number): void {
    const room = Buffer.allocUnsafeSlow(this.#filled + length)
    this.#room.copy(room, 0, 0, this.#filled)
    this.#room = room
  }

  #close(): void {
    this.#end()
    this.#closed.resolve()
  }

  #end(error?: Error): void {
    this.#isOver = true
    this.#error ??= error
    this.#wake()
  }
}
