/** The bytes of a channel as its decoders read them: they wait for more, or say where it is cut. */
import { IncrementalReader } from '../../wire/incremental-reader.ts'
import { refuseStream } from './stream-diagnostics.ts'

/** A decoder that stops where the next bytes have not arrived, and goes on with the next part. */
export type Decoding<Result = void> = Generator<undefined, Result, undefined>

export class StreamInput extends IncrementalReader {
  /** The part that is read, for errors: `section ram`. */
  section = 'header'
  /** Whether the decoder takes the end of the input for its next bytes. */
  mayEnd = false

  refuse(expected: string, found: string, offset = this.offset): never {
    refuseStream('malformed', { offset, section: this.section, expected, found })
  }

  refuseLimit(expected: string, found: string, offset = this.offset): never {
    refuseStream('beyondLimit', { offset, section: this.section, expected, found })
  }

  /** All bytes that came were read, or wait for others that do not come. */
  cut(expected: string): never {
    const offset = this.offset + this.available
    refuseStream('cut', { offset, section: this.section, expected })
  }

  /** Waits for bytes, which the reader then has. */
  *need(length: number, expected: string): Decoding {
    while (this.available < length) {
      this.mayEnd = false
      if (this.isEnded) this.cut(expected)
      yield
    }
  }

  /** Waits for bytes or the end of the input; says whether the bytes are there. */
  *has(length: number): Decoding<boolean> {
    while (this.available < length) {
      if (this.isEnded) return false
      this.mayEnd = true
      yield
    }
    return true
  }

  *uint8(expected: string): Decoding<number> {
    yield* this.need(1, expected)
    return this.readUint8()
  }

  /** The next byte, which stays. */
  *peekUint8(expected: string): Decoding<number> {
    yield* this.need(1, expected)
    return this.peek()[0] ?? 0
  }

  *uint16(expected: string): Decoding<number> {
    yield* this.need(2, expected)
    return this.readUint16()
  }

  *uint32(expected: string): Decoding<number> {
    yield* this.need(4, expected)
    return this.readUint32()
  }

  /** A number up to 2^53 - 1. */
  *uint64(expected: string): Decoding<number> {
    yield* this.need(8, expected)
    const value = this.readUint64()
    if (!Number.isSafeInteger(value)) {
      this.refuse(`${expected} below 2^53`, `about ${value}`, this.offset - 8)
    }
    return value
  }

  /** Text with its length in one byte before it: the name of a block, a device, a capability. */
  *name(expected: string): Decoding<string> {
    const length = yield* this.uint8(`the length of ${expected}`)
    yield* this.need(length, expected)
    return this.readBytes(length).toString('latin1')
  }

  /** Reads bytes without keeping them, however many there are. */
  *pass(length: number, expected: string): Decoding {
    for (let left = length; left > 0; ) {
      yield* this.need(1, expected)
      const step = Math.min(left, this.available)
      this.skip(step)
      left -= step
    }
  }
}
