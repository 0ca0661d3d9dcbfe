/** NBD_CMD_WRITE: data goes to the storage as it comes in; only pieces of it are in memory. */

import { SMALL_PIECE } from '../../../transfer/buffer-pool.ts'
import { NBD_CMD, NBD_ERROR } from '../../protocol/constants.ts'
import type { Request } from '../../protocol/requests.ts'
import type { CommandContext } from './command-context.ts'
import type { CommandHandler, PayloadSink } from './command-handler.ts'
import { pieceSize } from './read.ts'

export const write: CommandHandler = {
  command: NBD_CMD.WRITE,
  flags: 0,
  isWrite: true,
  beyondEnd: NBD_ERROR.ENOSPC,
  serve(transmission, request) {
    // Without data: there is nothing to write, or the flag is missing that tells of it.
    if (request.length === 0) transmission.acknowledge(request)
    else transmission.replyError(request, NBD_ERROR.EINVAL)
  },
  receive: (transmission, request) => new WriteSink(transmission, request),
}

/** Of most file systems, in bytes. */
const BLOCK = 4096

class WriteSink implements PayloadSink {
  readonly #transmission: CommandContext
  readonly #request: Request
  /** Bytes of the request that have not come. */
  #rest: number
  #piece: Piece | undefined
  readonly #writes: Promise<void>[] = []

  constructor(transmission: CommandContext, request: Request) {
    this.#transmission = transmission
    this.#request = request
    this.#rest = request.length
  }

  receive(bytes: Buffer, isLast: boolean): void {
    for (let at = 0; at < bytes.length; ) {
      this.#piece ??= this.#beginPiece()
      const { buffer, size, filled } = this.#piece
      const count = bytes.copy(buffer, filled, at, at + size - filled)
      this.#piece.filled += count
      this.#rest -= count
      at += count
      if (this.#piece.filled === size) this.#writePiece(this.#piece)
    }
    if (isLast) this.#transmission.answerAfter(this.#request, allSettled(this.#writes))
  }

  #beginPiece(): Piece {
    const size = this.#nextSize()
    const { pool } = this.#transmission.resources
    // The pool has no small buffers.
    const buffer = size < SMALL_PIECE ? Buffer.allocUnsafe(size) : pool.take(size)
    return { buffer, size, filled: 0 }
  }

  /** Cut where blocks begin: half a block of zeroes, written alone, would not become a hole. */
  #nextSize(): number {
    const limit = pieceSize(this.#transmission)
    if (this.#rest <= limit) return this.#rest
    const { offset, length } = this.#request
    return limit - ((offset + length - this.#rest) % BLOCK)
  }

  #writePiece({ buffer, size }: Piece): void {
    this.#piece = undefined
    const { negotiated, resources } = this.#transmission
    const { offset, length } = this.#request
    const position = offset + length - this.#rest - size
    const giveBack = () => resources.pool.give(buffer)
    const { storage } = negotiated.served
    const written = storage.write([buffer.subarray(0, size)], position).finally(giveBack)
    // A failure is looked at when all pieces are there.
    this.#transmission.holdWhile(size, written)
    this.#writes.push(written)
  }
}

/** Data on its way to the storage. */
type Piece = {
  readonly buffer: Buffer
  /** How much it is to hold, in bytes. */
  readonly size: number
  filled: number
}

/** Waits for all, then fails where one has failed: no write may go on behind a reply. */
async function allSettled(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works)
  await Promise.all(works)
}
