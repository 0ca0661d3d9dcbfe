/** Messages of the handshake within records: RFC 8446 section 4, RFC 5246 section 7.4. */
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'

export type HandshakeMessage = {
  readonly type: number
  readonly body: Buffer
}

/** Larger than any chain that a server shows; a message may claim 16 MB. */
const LARGEST_MESSAGE = 512 * 1024

const HEADER = 4

/** A peer may send a byte in each record: so many parts are joined to one, for each takes more than its bytes. */
const MOST_PARTS = 1024

export function encodeHandshake({ type, body }: HandshakeMessage): Buffer {
  return new ByteWriter()
    .uint8(type)
    .vector(3, (writer) => writer.bytes(body))
    .finish()
}

/** Puts messages together from the payloads of records, of which each may hold a part or many. */
export class HandshakeAssembler {
  #parts: Buffer[] = []
  #length = 0

  push(payload: Buffer): void {
    // Records without a byte could come without end.
    if (payload.length === 0) return
    this.#parts.push(payload)
    this.#length += payload.length
    if (this.#parts.length === MOST_PARTS) this.#parts = [Buffer.concat(this.#parts)]
  }

  /** Whether a message has begun of which bytes are missing. */
  get isWithinMessage(): boolean {
    return this.#length > 0
  }

  /**
   * The next message, or undefined where bytes of it are missing.
   *
   * @throws ProtocolError where it is larger than any that makes sense.
   */
  next(): HandshakeMessage | undefined {
    if (this.#length < HEADER) return undefined
    const bytes = this.#joined()
    const length = bytes.readUIntBE(1, 3)
    if (length > LARGEST_MESSAGE) refuse(`a handshake message of ${length} bytes`)
    if (bytes.length < HEADER + length) return undefined
    const rest = bytes.subarray(HEADER + length)
    this.#parts = rest.length > 0 ? [rest] : []
    this.#length = rest.length
    return { type: bytes.readUInt8(0), body: bytes.subarray(HEADER, HEADER + length) }
  }

  /** Joins only where the length is not known yet or all is there: one byte at a time costs no more. */
  #joined(): Buffer {
    const [first = Buffer.alloc(0)] = this.#parts
    const needed = first.length < HEADER ? HEADER : HEADER + first.readUIntBE(1, 3)
    if (this.#parts.length === 1 || (first.length >= HEADER && this.#length < needed)) return first
    const joined = Buffer.concat(this.#parts)
    this.#parts = [joined]
    return joined
  }
}
