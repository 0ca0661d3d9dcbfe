/** A stream over another one that sees, and may change, all that goes through. */
import { Duplex } from 'node:stream'
import { giveBack } from './give-back.ts'

export type Layer = {
  /** @returns what is read of it. */
  readonly received: (bytes: Buffer) => Buffer
  /** @returns what is written for it, piece by piece: each when the one before was taken. */
  readonly sent: (bytes: Buffer) => readonly Buffer[]
}

export class LayeredStream extends Duplex {
  readonly #inner: Duplex
  readonly #layer: Layer

  constructor(inner: Duplex, layer: Layer) {
    super({ allowHalfOpen: true })
    this.#inner = inner
    this.#layer = layer
    inner.on('data', this.#onData).on('end', () => this.push(null))
    inner.on('error', (error) => this.destroy(error)).on('close', this.#onClose)
    inner.pause()
  }

  /** What was not read of it is there again to be read of the inner stream; for a layer that changes nothing of it. */
  giveBack(): void {
    this.#inner.off('data', this.#onData).pause()
    if (!this.#inner.destroyed && !this.#inner.readableEnded) giveBack(this, this.#inner)
  }

  override _read(): void {
    this.#inner.resume()
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#writeAll(this.#layer.sent(bytes), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inner.end(() => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // The connection may be in a callback of OpenSSL.
    setImmediate(() => this.#inner.destroy())
    done(error)
  }

  #writeAll([first, ...others]: readonly Buffer[], done: (error?: Error | null) => void): void {
    if (!first) done()
    else this.#inner.write(first, (error) => (error ? done(error) : this.#writeAll(others, done)))
  }

  /** What came before its end is still to be read of this stream. */
  readonly #onClose = (): void => {
    if (!this.#inner.readableEnded || this.readableEnded) this.destroy()
    else this.once('end', () => this.destroy())
  }

  readonly #onData = (bytes: Buffer): void => {
    const data = this.#layer.received(bytes)
    if (!this.push(data)) this.#inner.pause()
  }
}
