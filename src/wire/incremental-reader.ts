/**
 * Reads bytes that arrive in parts of any size, without copying those that lie in one part.
 *
 * A view that it gives is valid until the next read or push: what is to be kept has to be copied. The
 * memory of a pushed part belongs to the caller again after `keep`.
 */
import { readUint64 } from './byte-reader.ts'

const NOTHING = Buffer.alloc(0)

export class IncrementalReader {
  /** What is left of parts before the newest one, between two places of `#held`. */
  #held: Buffer = NOTHING
  #heldStart = 0
  #heldEnd = 0
  #part: Buffer = NOTHING
  #at = 0
  #consumed: number
  /** Where in `#held` the bytes begin that `rewind` goes back to. */
  #mark: number | undefined
  #markLimit = 0
  #isEnded = false
  /** Where the bytes are that `#advance` has found. */
  #source: Buffer = NOTHING

  /** @param start The number of the first byte. */
  constructor(start = 0) {
    this.#consumed = start
  }

  /** How many bytes were read, from the first one on. */
  get offset(): number {
    return this.#consumed
  }

  /** How many bytes have arrived that were not read. */
  get available(): number {
    return this.#heldEnd - this.#heldStart + this.#part.length - this.#at
  }

  /** Whether no part follows. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  push(part: Buffer): void {
    this.keep()
    this.#part = part
    this.#at = 0
  }

  /** Copies what is left of the newest part, so that the caller can use its memory again. */
  keep(): void {
    this.#hold(this.#part.length - this.#at)
    this.#part = NOTHING
    this.#at = 0
    if (this.marked > this.#markLimit) this.release()
  }

  end(): void {
    this.#isEnded = true
  }

  /**
   * Keeps what is read from here on, so that it can be read again.
   *
   * @param limit Where more bytes than this are kept, the mark is forgotten.
   */
  mark(limit: number): void {
    this.#mark = this.#heldStart
    this.#markLimit = limit
  }

  /** How many bytes were read since the mark; 0 where there is none. */
  get marked(): number {
    return this.#mark === undefined ? 0 : this.#heldStart - this.#mark
  }

  /** Goes back to the mark, which stays. */
  rewind(): void {
    this.#consumed -= this.marked
    this.#heldStart -= this.marked
  }

  /** Forgets the mark. */
  release(): void {
    this.#mark = undefined
  }

  /** The following need so many available bytes. */
  readUint8(): number {
    const at = this.#advance(1)
    return this.#source.readUInt8(at)
  }

  readUint16(): number {
    const at = this.#advance(2)
    return this.#source.readUInt16BE(at)
  }

  readUint32(): number {
    const at = this.#advance(4)
    return this.#source.readUInt32BE(at)
  }

  /** Above 2^53 - 1 the number is not exact, but still above every smaller one. */
  readUint64(): number {
    const at = this.#advance(8)
    return readUint64(this.#source, at)
  }

  /** As `readUint64`, without reading it. */
  peekUint64(): number {
    const held = this.#heldEnd - this.#heldStart
    if (held === 0 && this.#mark === undefined) return readUint64(this.#part, this.#at)
    if (held < 8) this.#hold(8 - held)
    return readUint64(this.#held, this.#heldStart)
  }

  readBytes(length: number): Buffer {
    const at = this.#advance(length)
    return this.#source.subarray(at, at + length)
  }

  skip(length: number): void {
    if (length > this.available) throw new RangeError('more is skipped than has arrived')
    if (this.#mark !== undefined) return void this.#advance(length)
    const held = Math.min(length, this.#heldEnd - this.#heldStart)
    this.#heldStart += held
    this.#at += length - held
    this.#consumed += length
  }

  /** All that has arrived and was not read, in one piece. */
  peek(): Buffer {
    const isInPart = this.#heldStart === this.#heldEnd && this.#mark === undefined
    if (isInPart) return this.#part.subarray(this.#at)
    this.#hold(this.#part.length - this.#at)
    return this.#held.subarray(this.#heldStart, this.#heldEnd)
  }

  /** Gives the place of the next bytes in `#source`, and reads them. */
  #advance(length: number): number {
    const held = this.#heldEnd - this.#heldStart
    if (held === 0 && this.#mark === undefined) return this.#advanceInPart(length)
    if (held < length) this.#hold(length - held)
    const start = this.#heldStart
    this.#source = this.#held
    this.#heldStart += length
    this.#consumed += length
    return start
  }

  #advanceInPart(length: number): number {
    const start = this.#at
    if (length > this.#part.length - start) throw new RangeError('more is read than has arrived')
    this.#source = this.#part
    this.#at += length
    this.#consumed += length
    return start
  }

  /** Moves the next bytes of the newest part to those that are held. */
  #hold(length: number): void {
    if (length > this.#part.length - this.#at) {
      throw new RangeError('more is read than has arrived')
    }
    if (length === 0) return
    this.#makeRoom(length)
    this.#part.copy(this.#held, this.#heldEnd, this.#at, this.#at + length)
    this.#heldEnd += length
    this.#at += length
  }

  #makeRoom(length: number): void {
    if (this.#heldEnd + length <= this.#held.length) return
    const first = this.#mark ?? this.#heldStart
    const needed = this.#heldEnd - first + length
    // Doubled, so that many small parts cost no more than one large part.
    const room = needed * 2 > this.#held.length ? Buffer.allocUnsafe(needed * 2) : this.#held
    this.#held.copy(room, 0, first, this.#heldEnd)
    this.#held = room
    this.#heldStart -= first
    this.#heldEnd -= first
    if (this.#mark !== undefined) this.#mark = 0
  }
}
