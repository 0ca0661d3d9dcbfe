/** Reads a message from its beginning to its end: big endian, within bounds, nothing left over. */
import { STRING_LIMIT } from '../nbd/protocol/constants.ts'
import { refuse } from './protocol-error.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class ByteReader {
  readonly #bytes: Buffer
  readonly #what: string
  #at = 0

  /** @param what What the bytes are, for the error: `the data of NBD_OPT_GO`. */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  readUint16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2))
  }

  readUint32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4))
  }

  /** Refuses what a JavaScript number does not hold exactly: no disk is that large. */
  readUint64(): number {
    const value = readUint64(this.#bytes, this.#advance(8))
    if (value > Number.MAX_SAFE_INTEGER) refuse(`${this.#what} with a number above 2^53 - 1`)
    return value
  }

  /** A part of the bytes, not a copy. */
  readBytes(length: number): Buffer {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  readString(length: number): string {
    if (length > STRING_LIMIT) refuse(`${this.#what} with a string of ${length} bytes`)
    return decodeString(this.readBytes(length), this.#what)
  }

  /** Refuses trailing bytes: they are a mistake, or data smuggled past whoever looks less closely. */
  end(): void {
    if (this.remaining > 0) refuse(`${this.#what} with ${this.remaining} bytes too many`)
  }

  #advance(length: number): number {
    const start = this.#at
    if (length > this.remaining) refuse(`${this.#what} cut short after ${this.#bytes.length} bytes`)
    this.#at = start + length
    return start
  }
}

/** A string of the protocol: UTF-8 without NUL, which would end it early for a peer written in C. */
export function decodeString(bytes: Buffer, what: string): string {
  if (bytes.length > STRING_LIMIT) refuse(`${what} with a string of ${bytes.length} bytes`)
  if (bytes.includes(0)) refuse(`${what} with a NUL in a string`)
  try {
    return UTF8.decode(bytes)
  } catch {
    refuse(`${what} with a string that is not UTF-8`)
  }
}

/**
 * A text for people: what is not UTF-8 is replaced, because losing the reason of an error helps
 * nobody.
 */
export function decodeText(bytes: Buffer, what: string): string {
  if (bytes.length > STRING_LIMIT) refuse(`${what} with a text of ${bytes.length} bytes`)
  return bytes.toString('utf8')
}

/** Above 2^53 - 1 the number is not exact, but still above every smaller one. */
export function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}

/** @param value A safe integer that is not negative. */
export function writeUint64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at)
  bytes.writeUInt32BE(value % 0x1_0000_0000, at + 4)
}
