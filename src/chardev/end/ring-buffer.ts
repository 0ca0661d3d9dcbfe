/** The last bytes that were written, as QEMU's ringbuf keeps them for a monitor. */
export class RingBuffer {
  readonly #bytes: Buffer
  /** How many were ever written, and read or lost. */
  #written = 0
  #read = 0

  /** @param size A power of two. */
  constructor(size: number) {
    this.#bytes = Buffer.alloc(size)
  }

  /** How many bytes can be read. */
  get length(): number {
    return this.#written - this.#read
  }

  /** The oldest bytes make way. */
  write(bytes: Buffer): void {
    const { length: size } = this.#bytes
    const kept = bytes.length > size ? bytes.subarray(bytes.length - size) : bytes
    this.#written += bytes.length - kept.length
    const at = this.#written % size
    const head = kept.copy(this.#bytes, at)
    kept.copy(this.#bytes, 0, head)
    this.#written += kept.length
    this.#read = Math.max(this.#read, this.#written - size)
  }

  /** Takes the oldest bytes, so many at most. */
  read(limit: number): Buffer {
    const { length: size } = this.#bytes
    const count = Math.min(limit, this.length)
    const at = this.#read % size
    const head = this.#bytes.subarray(at, Math.min(size, at + count))
    const taken = Buffer.concat([head, this.#bytes.subarray(0, count - head.length)])
    this.#read += count
    return taken
  }
}
