/**
 * Buffers that are used again: a fresh one of this size costs the kernel more than to encrypt what
 * is in it.
 */

/** Room for the largest header before the data. */
export const HEADER_ROOM = 64

/** The most data that is read or written in one go, in bytes; it fits into a processor's cache. */
export const PIECE = 262_144

/** What a piece shrinks to where many connections share the memory. */
export const SMALL_PIECE = 65_536

/** How many unused buffers of each size are kept. */
const KEPT = 16

export class BufferPool {
  readonly #free = new Map<number, Buffer[]>([
    [SMALL_PIECE + HEADER_ROOM, []],
    [PIECE + HEADER_ROOM, []],
  ])

  /** A buffer of at least that size. What is in it may be anything that was once sent or received. */
  take(size: number): Buffer {
    for (const [length, buffers] of this.#free) {
      if (size <= length) return buffers.pop() ?? Buffer.allocUnsafeSlow(length)
    }
    return Buffer.allocUnsafeSlow(size)
  }

  give(buffer: Buffer): void {
    const buffers = this.#free.get(buffer.length)
    if (buffers && buffers.length < KEPT) buffers.push(buffer)
  }
}
