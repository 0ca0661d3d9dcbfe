/**
 * Buffers that are used again: a fresh one of this size costs the kernel more than to encrypt what
 * is in it.
 */

/** Room for the largest header before the data. */
export const HEADER_ROOM = 64

/** The most data that is read or written in one go, in bytes; it fits into a processor's cache. */
export const PIECE = 262_144

/** What a piece shrinks to where many connections share the memory. */
export const SMALL_PIECE = 32_768

/**
 * How much is kept unused, in bytes of each size. What is dropped instead waits for the garbage
 * collector, which is in no hurry.
 */
const KEPT = 16_777_216

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

  /** Takes a buffer back. One that is of none of its sizes is left to the garbage collector. */
  give(buffer: Buffer): void {
    const buffers = this.#free.get(buffer.length)
    if (buffers && buffers.length * buffer.length < KEPT) buffers.push(buffer)
  }

  /** Lets go of what is kept. */
  clear(): void {
    for (const buffers of this.#free.values()) buffers.length = 0
  }
}
