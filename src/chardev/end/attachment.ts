/**
 * One session over streams that stay when it is over, such as those of a terminal. What was read for it and
 * not taken is there for the next one.
 */
import { Duplex, type Readable, type Writable } from 'node:stream'
import { giveBack } from './give-back.ts'

export type StandingStreams = {
  /** Undefined for what never sends anything. */
  readonly source?: Readable | undefined
  readonly sink: Writable
  /** The end of the source is not told to who reads. */
  readonly isEndKept?: boolean
}

export class Attachment extends Duplex {
  readonly #streams: StandingStreams

  constructor(streams: StandingStreams) {
    super()
    this.#streams = streams
    const { source, sink } = streams
    source?.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError)
    source?.pause()
    sink.on('error', this.#onError)
    if (source?.readableEnded) this.#onEnd()
  }

  override _read(): void {
    this.#streams.source?.resume()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    // It calls back when the bytes are taken, and never where the session ends before that.
    this.#streams.sink.write(chunk, (error) => done(error))
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { source, sink } = this.#streams
    source?.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError)
    source?.pause()
    sink.off('error', this.#onError)
    if (source && !source.readableEnded && !source.destroyed) giveBack(this, source)
    done(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#streams.source?.pause()
  }

  readonly #onEnd = (): void => {
    if (!this.#streams.isEndKept) this.push(null)
  }

  readonly #onError = (error: Error): void => void this.destroy(error)
}
