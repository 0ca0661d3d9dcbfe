/** The bytes of a connection as they come, with back-pressure: none is read before the last was taken. */
import type { Duplex } from 'node:stream'

/** Bytes of answers that a source may leave unread. */
const UNREAD_ANSWERS = 65_536

export class IncomingParts {
  readonly #stream: Duplex
  #error: Error | undefined
  #isOver = false
  #wake: () => void = () => {}

  constructor(stream: Duplex) {
    this.#stream = stream
    const wake = () => this.#wake()
    stream.on('readable', wake).on('drain', wake)
    stream.on('end', () => this.#end()).on('close', () => this.#end())
    stream.on('error', (error) => this.#end(error))
  }

  /** What broke the connection; undefined where the source closed it, or it is open. */
  get error(): Error | undefined {
    return this.#error
  }

  /** @returns undefined where no bytes follow. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      // A source that does not read its answers is not read either.
      const isRead = this.#stream.writableLength <= UNREAD_ANSWERS
      const part = isRead || this.#isOver ? (this.#stream.read() as Buffer | null) : null
      if (part) return part
      if (this.#isOver) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #end(error?: Error): void {
    this.#isOver = true
    this.#error ??= error
    this.#wake()
  }
}
