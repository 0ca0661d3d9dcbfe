/** One of several clients of a shared chardev: what it is shown, and what it types. */
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { EndSession } from '../end/chardev-end.ts'
import type { Output } from './output.ts'

export type ReaderOptions = {
  readonly session: EndSession
  readonly output: Output
  /** Told that it has read more. */
  readonly onProgress: () => void
  /** @returns whether more may come; `wake` is called later where not. */
  readonly take: (bytes: Buffer, reader: Reader) => boolean
  readonly onLeft: (reader: Reader) => void
}

export class Reader {
  readonly session: EndSession
  readonly #options: ReaderOptions
  #position: number
  #isEnding = false
  #hasLeft = false

  constructor(options: ReaderOptions) {
    const { session, output } = options
    this.session = session
    this.#options = options
    this.#position = output.end
    const { stream } = session
    stream.on('drain', this.feed).on('data', this.#onData)
    stream.on('end', () => this.#leave()).on('close', () => this.#leave())
    stream.on('error', (error) => this.#leave(error))
    stream.resume()
    // A client that has left while it waited for its place tells of its end no more.
    if (stream.readableEnded || stream.closed) queueMicrotask(() => this.#leave())
  }

  /** How far it has read. */
  get position(): number {
    return this.#position
  }

  /** Shows it what it has not seen, as far as it takes that. */
  readonly feed = (): void => {
    const { output } = this.#options
    const { stream } = this.session
    if (this.#hasLeft) return
    if (this.#position < output.start) {
      const bytes = output.end - output.start
      this.#leave(new DiagnosticError([diagnose(CHARDEV_KINDS.tooSlow, { bytes })]))
      return
    }
    while (!stream.writableNeedDrain && this.#position < output.end) {
      const bytes = output.after(this.#position)
      this.#position += bytes.length
      stream.write(bytes)
    }
    this.#options.onProgress()
    if (this.#isEnding && this.#position === output.end) this.#leave()
  }

  /** It may type again. */
  wake(): void {
    if (!this.#hasLeft) this.session.stream.resume()
  }

  /** Ends it when it has seen all. */
  end(): void {
    this.#isEnding = true
    this.feed()
  }

  /** Cuts it off. */
  refuse(error: DiagnosticError): void {
    this.#leave(error)
  }

  /** Ends it now. */
  #leave(error?: unknown): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    void this.session.finish(error).catch(() => {})
    this.#options.onLeft(this)
  }

  readonly #onData = (bytes: Buffer): void => {
    if (!this.#options.take(bytes, this)) this.session.stream.pause()
  }
}
