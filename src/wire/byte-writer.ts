/** Puts a message together: big endian; the length of a part is filled in after the part. */
import type { LengthSize } from './byte-reader.ts'

export class ByteWriter {
  readonly #parts: Buffer[] = []
  #length = 0

  /** How many bytes were written. */
  get length(): number {
    return this.#length
  }

  uint8(value: number): this {
    const part = Buffer.allocUnsafe(1)
    part.writeUInt8(value)
    return this.bytes(part)
  }

  uint16(value: number): this {
    const part = Buffer.allocUnsafe(2)
    part.writeUInt16BE(value)
    return this.bytes(part)
  }

  uint24(value: number): this {
    const part = Buffer.allocUnsafe(3)
    part.writeUIntBE(value, 0, 3)
    return this.bytes(part)
  }

  uint32(value: number): this {
    const part = Buffer.allocUnsafe(4)
    part.writeUInt32BE(value)
    return this.bytes(part)
  }

  /** @param value A safe integer that is not negative, or any number of 64 bits as a bigint. */
  uint64(value: number | bigint): this {
    const part = Buffer.allocUnsafe(8)
    if (typeof value === 'bigint') part.writeBigUInt64BE(value)
    else writeUint64(part, value, 0)
    return this.bytes(part)
  }

  bytes(part: Buffer): this {
    this.#parts.push(part)
    this.#length += part.length
    return this
  }

  /**
   * A vector: the length of what `write` adds, then that (RFC 8446, section 3.4).
   *
   * @param size How many bytes the length has.
   * @throws RangeError where the part is longer than its length can say.
   */
  vector(size: LengthSize, write: (writer: this) => void): this {
    const length = Buffer.alloc(size)
    this.bytes(length)
    const start = this.#length
    write(this)
    length.writeUIntBE(this.#length - start, 0, size)
    return this
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts, this.#length)
  }
}

/** @param value A safe integer that is not negative. */
export function writeUint64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at)
  bytes.writeUInt32BE(value % 0x1_0000_0000, at + 4)
}
