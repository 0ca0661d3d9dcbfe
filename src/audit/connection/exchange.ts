/** The conversation of one question: bytes out, exactly so many bytes in, and all of it on record. */
import { createHmac } from 'node:crypto'
import { refuse } from '../../wire/protocol-error.ts'
import { BROKEN_OFF, ExchangeEnded, isClosing } from './failure.ts'
import type { Transcript } from './transcript.ts'
import type { Transport } from './transport.ts'

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

  /**
   * @throws ExchangeEnded where the connection ends before the first of these bytes, ProtocolError where the peer ends
   *   it among them.
   */
  async read(length: number): Promise<Buffer> {
    while (this.#unread.length + this.#arrivedLength < length) await this.#receive()
    if (this.#unread.length < length) this.#join()
    const bytes = this.#unread.subarray(0, length)
    this.#unread = this.#unread.subarray(length)
    return bytes
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
    this.#unread = Buffer.concat([this.#unread, ...this.#arrived])
    this.#arrived = []
    this.#arrivedLength = 0
  }

  async #receive(): Promise<void> {
    const received = await this.#transport.receive()
    if (typeof received === 'string') {
      this.transcript.ended(received)
      const hasPart = this.#unread.length + this.#arrivedLength > 0
      if (hasPart && isClosing(received)) refuse(BROKEN_OFF.reason)
      throw new ExchangeEnded(received)
    }
    this.transcript.received(received)
    this.#arrived.push(received)
    this.#arrivedLength += received.length
  }
}
