/** Messages of TLS over the bytes of one question, in clear or protected. */
import { refuse } from '../../wire/protocol-error.ts'
import type { Exchange } from '../connection/exchange.ts'
import { rethrowWithinAnswer } from '../connection/failure.ts'
import { decodeAlert, type TlsAlert } from '../messages/alert.ts'
import {
  encodeHandshake,
  HandshakeAssembler,
  type HandshakeMessage,
} from '../messages/handshake.ts'
import { CONTENT_TYPES, HANDSHAKE } from '../messages/iana-numbers.ts'
import {
  decodeRecordHeader,
  encodeRecords,
  RECORD_HEADER,
  type TlsRecord,
} from '../messages/record.ts'

export type Incoming =
  | { readonly kind: 'handshake'; readonly message: HandshakeMessage }
  | { readonly kind: 'alert'; readonly alert: TlsAlert }
  | { readonly kind: 'data'; readonly payload: Buffer }

/** Reads and writes records under keys. */
export type RecordProtection = {
  /** @throws ProtocolError where the record was not made with the keys. */
  open(record: TlsRecord): TlsRecord
  seal(type: number, payload: Buffer): Buffer
}

/** A warning says that something is missing, and the handshake goes on. */
const WARNING = 1

/** More warnings than this are a flood. */
const MOST_WARNINGS = 8

export class TlsChannel {
  readonly exchange: Exchange
  /** The version in the headers of records that are sent in clear. */
  #recordVersion: number
  readonly #assembler = new HandshakeAssembler()
  /** All messages of the handshake in both directions, for its hash. */
  #messages: Buffer[] = []
  #reading: RecordProtection | undefined
  #readingNext: RecordProtection | undefined
  #writing: RecordProtection | undefined
  #warnings = 0

  constructor(exchange: Exchange, recordVersion: number) {
    this.exchange = exchange
    this.#recordVersion = recordVersion
  }

  /** What was said in the handshake up to now. */
  get transcript(): Buffer {
    return Buffer.concat(this.#messages)
  }

  /** Another handshake on the same connection: its hash begins anew. */
  forgetTranscript(): void {
    this.#messages = []
  }

  /** From here on the headers of records have the version that was agreed upon: RFC 5246 section E.1. */
  useVersion(version: number): void {
    this.#recordVersion = version
  }

  /** Behind the peer's change of cipher its records are protected so: RFC 5246 section 7.1. */
  protectReadingAfterChange(protection: RecordProtection): void {
    this.#readingNext = protection
  }

  /** From here on the peer's records are protected. */
  protectReading(protection: RecordProtection): void {
    if (this.#assembler.isWithinMessage) refuse('a message over a change of keys')
    this.#reading = protection
  }

  protectWriting(protection: RecordProtection): void {
    this.#writing = protection
  }

  async sendHandshake(message: HandshakeMessage): Promise<void> {
    const encoded = encodeHandshake(message)
    this.#messages.push(encoded)
    await this.send(CONTENT_TYPES.handshake, encoded)
  }

  async send(type: number, payload: Buffer): Promise<void> {
    const bytes = this.#writing
      ? this.#writing.seal(type, payload)
      : encodeRecords(type, this.#recordVersion, payload)
    await this.exchange.write(bytes)
  }

  /**
   * The next message. A change of cipher is passed over where none is awaited, as in TLS 1.3.
   *
   * @throws ProtocolError, also where the peer ends the connection within a message; ExchangeEnded where it does so
   *   between two.
   */
  async next(): Promise<Incoming> {
    for (;;) {
      const message = this.#assembler.next()
      if (message) {
        // No handshake has it in its hash: RFC 5246 section 7.4.1.1.
        if (message.type !== HANDSHAKE.hello_request) this.#messages.push(encodeHandshake(message))
        return { kind: 'handshake', message }
      }
      const incoming = this.#take(await this.#readRecord())
      if (incoming) return incoming
    }
  }

  #take({ type, payload }: TlsRecord): Incoming | undefined {
    if (type === CONTENT_TYPES.handshake) {
      this.#assembler.push(payload)
      return undefined
    }
    if (type === CONTENT_TYPES.change_cipher_spec) return this.#change()
    if (this.#assembler.isWithinMessage) refuse('a record within a handshake message')
    if (type !== CONTENT_TYPES.alert) return { kind: 'data', payload }
    const alert = decodeAlert(payload)
    const isEnd = alert.level !== WARNING || alert.description === 0
    if (!isEnd && ++this.#warnings <= MOST_WARNINGS && !isRefusal(alert)) return undefined
    return { kind: 'alert', alert }
  }

  #change(): undefined {
    if (!this.#readingNext) return
    this.protectReading(this.#readingNext)
    this.#readingNext = undefined
  }

  async #readRecord(): Promise<TlsRecord> {
    const header = await this.#read(RECORD_HEADER, this.#assembler.isWithinMessage)
    const { type, version, length } = decodeRecordHeader(header)
    const record = { type, version, payload: await this.#read(length, true) }
    return this.#reading ? this.#reading.open(record) : record
  }

  /** @param isWithin Whether what was read so far is a part of a message. */
  async #read(length: number, isWithin: boolean): Promise<Buffer> {
    try {
      return await this.exchange.read(length)
    } catch (error) {
      if (isWithin) rethrowWithinAnswer(error)
      throw error
    }
  }
}

/** `no_renegotiation` and `no_certificate` are warnings that answer. */
function isRefusal({ description }: TlsAlert): boolean {
  return description === 100 || description === 41
}

/** The version that headers of records have with a hello: RFC 8446 section 5.1. */
export function recordVersionFor(version: number): number {
  return version === 0x0300 ? 0x0300 : 0x0301
}
