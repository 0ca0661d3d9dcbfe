/** Puts a message together: big endian, strings checked as the peer will check them. */

import { STRING_LIMIT } from '../nbd/protocol/constants.ts'
import { writeUint64 } from './byte-reader.ts'

export class ByteWriter {
  readonly #parts: Buffer[] = []

  uint16(value: number): this {
    const part = Buffer.allocUnsafe(2)
    part.writeUInt16BE(value)
    return this.bytes(part)
  }

  uint32(value: number): this {
    const part = Buffer.allocUnsafe(4)
    part.writeUInt32BE(value)
    return this.bytes(part)
  }

  uint64(value: number): this {
    const part = Buffer.allocUnsafe(8)
    writeUint64(part, value, 0)
    return this.bytes(part)
  }

  bytes(part: Buffer): this {
    this.#parts.push(part)
    return this
  }

  /** A string whose length the peer knows from elsewhere. */
  string(text: string): this {
    return this.bytes(encodeString(text))
  }

  /** A string with its length in 32 bits before it. */
  countedString(text: string): this {
    const part = encodeString(text)
    return this.uint32(part.length).bytes(part)
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** @throws RangeError where no peer could accept the string: too long, or with a NUL. */
export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length > STRING_LIMIT) {
    throw new RangeError(`a string of NBD has at most ${STRING_LIMIT} bytes, not ${bytes.length}`)
  }
  if (bytes.includes(0)) throw new RangeError('a string of NBD has no NUL')
  return bytes
}

/** As much of a text for people as a peer accepts. */
export function truncateText(text: string): string {
  const plain = text.replaceAll('\0', ' ')
  const bytes = Buffer.from(plain, 'utf8')
  if (bytes.length <= STRING_LIMIT) return plain
  return bytes
    .subarray(0, STRING_LIMIT)
    .toString('utf8')
    .replace(/\ufffd+$/, '')
}
