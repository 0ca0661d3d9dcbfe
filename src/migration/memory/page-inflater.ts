/** Unpacks the pages of one multifd channel: all its packets are one compressed stream. */
import type { Transform } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { createInflate, createZstdDecompress } from 'node:zlib'

/** Bytes of the pages of one packet. */
const PART = 0x8_0000

export class PageInflater {
  readonly #stream: Transform
  #parts: Buffer[] = []
  #length = 0
  #expected = 0
  #error: unknown

  constructor(compression: 'zlib' | 'zstd') {
    const options = { chunkSize: PART }
    this.#stream = compression === 'zlib' ? createInflate(options) : createZstdDecompress(options)
    this.#stream.on('data', (part: Buffer) => this.#add(part))
    this.#stream.on('error', (error) => {
      this.#error ??= error
    })
  }

  /** Gives exactly so many bytes; undefined where the payload unpacks to fewer or more. */
  async inflate(payload: Buffer, expected: number): Promise<Buffer | undefined> {
    this.#expected = expected
    await new Promise<void>((resolve) => {
      this.#stream.once('close', resolve)
      this.#stream.write(payload, () => {
        this.#stream.off('close', resolve)
        resolve()
      })
    })
    // What was unpacked last is told with the next turn of the event loop.
    for (let turn = 0; turn < 2 && this.#length < expected; turn++) await setImmediate()
    const bytes = Buffer.concat(this.#parts)
    this.#parts = []
    this.#length = 0
    return this.#error === undefined && bytes.length === expected ? bytes : undefined
  }

  close(): void {
    this.#stream.destroy()
  }

  /** A few bytes may unpack to very many: those beyond a packet are not kept. */
  #add(part: Buffer): void {
    this.#length += part.length
    if (this.#length <= this.#expected) this.#parts.push(part)
    else this.#stream.destroy(new Error('more bytes than the packet has pages'))
  }
}
