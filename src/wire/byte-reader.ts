/** Reads a message from its beginning to its end: big endian, within bounds, nothing left over. */
import { refuse } from './protocol-error.ts'

/** The lengths of a vector's length, in bytes. */
export type LengthSize = 1 | 2 | 3 | 4

export class ByteReader {
  /** What the bytes are, for errors: `data of NBD_OPT_GO`. */
  readonly what: string
  readonly #bytes: Buffer
  #at = 0

  /** @param what What the bytes are, in words that go on after "the peer sent". */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes
    this.what = what
  }

  /** How many bytes were read. */
  get offset(): number {
    return this.#at
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  readUint8(): number {
    return this.#bytes.readUInt8(this.#advance(1))
  }

  readUint16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2))
  }

  readUint24(): number {
    return this.#bytes.readUIntBE(this.#advance(3), 3)
  }

  readUint32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4))
  }

  /** A number up to 2^53 - 1. A greater one is refused: a JavaScript number does not hold it. */
  readUint64(): number {
    const value = readUint64(this.#bytes, this.#advance(8))
    if (value > Number.MAX_SAFE_INTEGER) refuse(`${this.what} with a number above 2^53 - 1`)
    return value
  }

  /** Any number of 64 bits, without loss. */
  readBigUint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#advance(8))
  }

  /** A part of the bytes, not a copy. */
  readBytes(length: number): Buffer {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** All bytes that are left; not a copy. */
  readRest(): Buffer {
    return this.readBytes(this.remaining)
  }

  /**
   * A vector: its length, then so many bytes (RFC 8446, section 3.4).
   *
   * @param size How many bytes the length has.
   */
  readVector(size: LengthSize): Buffer {
    return this.readBytes(this.#bytes.readUIntBE(this.#advance(size), size))
  }

  /** A reader of the bytes of a vector. Its owner calls `end` when all is read. */
  readPart(size: LengthSize, what = this.what): ByteReader {
    return new ByteReader(this.readVector(size), what)
  }

  /** Refuses trailing bytes: they are a mistake, or data that a laxer reader would not see. */
  end(): void {
    if (this.remaining > 0) refuse(`${this.what} with ${this.remaining} bytes too many`)
  }

  #advance(length: number): number {
    const start = this.#at
    if (length > this.remaining) refuse(`${this.what} cut short after ${this.#bytes.length} bytes`)
    this.#at = start + length
    return start
  }
}

/** Above 2^53 - 1 the number is not exact, but still above every smaller one. */
export function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}
