/**
 * What goes out on a connection: small replies together, large ones as they are, and never more on
 * the way than the peer's share of the memory.
 */
import type { Duplex } from 'node:stream'
import { type BufferPool, SMALL_PIECE } from '../../../transfer/buffer-pool.ts'

/** Replies up to this size share a write, and with it a record of TLS and a system call. */
export const BATCHED = 16_384

/** What a write costs besides its bytes: its request, its callback, its record of TLS. */
const OVERHEAD = 512

/** Below it, the bytes are copied, so that few of them do not hold a large buffer. */
const WORTH_A_BUFFER = 8_192

export class ReplySender {
  readonly #socket: Duplex
  readonly #pool: BufferPool
  readonly #onSent: () => void
  #held = 0
  #batch: Buffer | undefined
  #used = 0

  /** @param onSent Called whenever memory became free. */
  constructor(socket: Duplex, pool: BufferPool, onSent: () => void) {
    this.#socket = socket
    this.#pool = pool
    this.#onSent = onSent
  }

  /** Bytes of memory that wait for the peer to read, or for a disk. */
  get held(): number {
    return this.#held
  }

  /** Counts memory that is in use elsewhere; `release` takes it back. */
  hold(size: number): void {
    this.#held += size
  }

  release(size: number): void {
    this.#held -= size
    this.#onSent()
  }

  /** Where the next bytes of the batch go, up to BATCHED of them. `commit` makes them count. */
  reserve(size: number): { readonly bytes: Buffer; readonly at: number } {
    if (this.#used + size > SMALL_PIECE) this.flush()
    this.#batch ??= this.#pool.take(SMALL_PIECE)
    return { bytes: this.#batch, at: this.#used }
  }

  commit(size: number): void {
    this.#used += size
  }

  /** Adds a reply to the batch. */
  add(reply: Buffer): void {
    if (reply.length > BATCHED) this.send(reply, () => {})
    else {
      const { bytes, at } = this.reserve(reply.length)
      reply.copy(bytes, at)
      this.commit(reply.length)
    }
  }

  /** Sends bytes; they must not change until `done` is called. */
  send(bytes: Buffer, done: () => void): void {
    this.flush()
    this.#write(bytes, done)
  }

  /** Sends what has gathered. Its buffer goes back: idle connections hold none. */
  flush(): void {
    const batch = this.#batch
    if (!batch) return
    const bytes = batch.subarray(0, this.#used)
    this.#batch = undefined
    this.#used = 0
    if (bytes.length >= WORTH_A_BUFFER) this.#write(bytes, () => this.#pool.give(batch))
    else {
      if (bytes.length > 0) this.#write(Buffer.from(bytes), () => {})
      this.#pool.give(batch)
    }
  }

  #write(bytes: Buffer, done: () => void): void {
    const size = bytes.length + OVERHEAD
    this.#held += size
    this.#socket.write(bytes, () => {
      done()
      this.release(size)
    })
  }
}
