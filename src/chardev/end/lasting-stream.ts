/**
 * A stream over sessions that come one after the other, such as the users of a terminal. What is written while
 * there is none waits.
 */
import { Duplex } from 'node:stream'

export type NextSession = (signal: AbortSignal) => Promise<{
  readonly stream: Duplex
  readonly finish: () => unknown
}>

export class LastingStream extends Duplex {
  readonly #next: NextSession
  readonly #closing = new AbortController()
  #current: Duplex | undefined
  #waiting: (() => void) | undefined

  constructor(next: NextSession) {
    super()
    this.#next = next
    this.#run().catch((error) => this.destroy(error))
  }

  override _read(): void {
    this.#current?.resume()
  }

  override _write(bytes: Buffer, encoding: BufferEncoding, done: (error?: Error) => void): void {
    const stream = this.#current
    if (!stream) {
      this.#waiting = () => this._write(bytes, encoding, done)
      return
    }
    // What was not taken when a session ends was written to that session.
    let isDone = false
    const finish = (): void => {
      if (isDone) return
      isDone = true
      stream.off('close', finish)
      done()
    }
    stream.once('close', finish)
    stream.write(bytes, finish)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#closing.abort()
    this.#current?.destroy()
    done(error)
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      const session = await this.#next(signal).catch((error) => {
        if (!signal.aborted) throw error
      })
      if (!session) return
      await this.#serve(session.stream)
      session.finish()
    }
  }

  /** Until it ends, or breaks. */
  async #serve(stream: Duplex): Promise<void> {
    this.#current = stream
    stream.on('data', (bytes: Buffer) => this.push(bytes) || stream.pause())
    // A client that was let in is not read before.
    stream.resume()
    this.#waiting?.()
    this.#waiting = undefined
    await new Promise((resolve) => {
      stream.once('end', resolve).once('close', resolve).on('error', resolve)
      if (stream.destroyed || stream.readableEnded) resolve(undefined)
    })
    this.#current = undefined
  }
}
