/** The conversation of one question: bytes out, exactly so many bytes in, and all of it on record. */
import { createHmac } from 'node:crypto'
import { ExchangeEnded } from './failure.ts'
import type { Transcript } from './transcript.ts'
import type { Transport } from './transport.ts'

/** No line of a protocol that upgrades to TLS is longer. */
const LONGEST_LINE = 16 * 1024

export class Exchange {
  readonly transcript: Transcript
  readonly #transport: Transport
  readonly #seed: Buffer
  #unread = Buffer.alloc(0)
  /** What arrived behind it: joined once for a read, however many pieces there are. */
  #arrived: Buffer[] = []
  #arrivedLength = 0
  #draws = 0

  /** @param seed What `random` is drawn from, so that a replay sends the same bytes. */
  constructor(transport: Transport, transcript: Transcript, seed: Buffer) {
    this.#transport = transport
    this.transcript = transcript
    this.#seed = seed
  }

  async write(bytes: Buffer): Promise<void> {
    this.transcript.sent(bytes)
    this.#transport.send(bytes)
  }

  /** From here on the peer may say nothing for no longer than this, in milliseconds. */
  limitSilence(silence: number): void {
    this.#transport.limitSilence(silence)
  }

  /** @throws ExchangeEnded */
  async read(length: number): Promise<Buffer> {
    while (this.#unread.length + this.#arrivedLength < length) await this.#receive()
    return this.#take(length)
  }

  /**
   * All that has arrived, at least one byte.
   *
   * @throws ExchangeEnded
   */
  async readSome(): Promise<Buffer> {
    if (this.#unread.length + this.#arrivedLength === 0) await this.#receive()
    return this.#take(this.#unread.length + this.#arrivedLength)
  }

  /**
   * All up to an end and with it, such as a line.
   *
   * @throws ExchangeEnded; `too-much` where it is longer than `limit`.
   */
  async readUntil(end: string, limit = LONGEST_LINE): Promise<Buffer> {
    for (let searched = 0; ; ) {
      this.#join()
      const at = this.#unread.indexOf(end, searched)
      if (at >= 0) return this.#take(at + end.length)
      if (this.#unread.length > limit) throw new ExchangeEnded('too-much')
      searched = Math.max(0, this.#unread.length - end.length)
      await this.#receive()
    }
  }

  /** Bytes that no server knows before the scan; the same ones again in its replay. */
  random(length: number): Buffer {
    const parts: Buffer[] = []
    for (let have = 0; have < length; have += 32) {
      parts.push(
        createHmac('sha256', this.#seed)
          .update(`draw ${this.#draws++}`)
          .digest(),
      )
    }
    return Buffer.concat(parts).subarray(0, length)
  }

  #join(): void {
    if (this.#arrivedLength === 0) return
    this.#unread = Buffer.concat([this.#unread, ...this.#arrived])
    this.#arrived = []
    this.#arrivedLength = 0
  }

  #take(length: number): Buffer {
    if (this.#unread.length < length) this.#join()
    const bytes = this.#unread.subarray(0, length)
    this.#unread = this.#unread.subarray(length)
    return bytes
  }

  async #receive(): Promise<void> {
    const received = await this.#transport.receive()
    if (typeof received === 'string') {
      this.transcript.ended(received)
      throw new ExchangeEnded(received)
    }
    this.transcript.received(received)
    this.#arrived.push(received)
    this.#arrivedLength += received.length
  }
}
