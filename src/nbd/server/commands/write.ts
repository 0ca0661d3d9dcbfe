/** NBD_CMD_WRITE: data goes to the storage as it comes in; only pieces of it are in memory. */
import { NBD_CMD, NBD_ERROR } from '../../protocol/constants.ts'
import type { Request } from '../../protocol/requests.ts'
import type { Transmission } from '../transmission.ts'
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
    else transmission.refuse(request, NBD_ERROR.EINVAL)
  },
  receive: (transmission, request) => new WriteSink(transmission, request),
}

class WriteSink implements PayloadSink {
  readonly #transmission: Transmission
  readonly #request: Request
  /** Where the next piece goes. */
  #position: number
  #piece: Buffer | undefined
  #filled = 0
  readonly #writes: Promise<void>[] = []

  constructor(transmission: Transmission, request: Request) {
    this.#transmission = transmission
    this.#request = request
    this.#position = request.offset
  }

  receive(bytes: Buffer, isLast: boolean): void {
    const isWhole = isLast && bytes.length === this.#request.length
    if (isWhole) this.#write(bytes, bytes.buffer.byteLength, () => {})
    else this.#gather(bytes)
    if (!isLast) return
    this.#writePiece()
    this.#transmission.settle(this.#request, allSettled(this.#writes))
  }

  #gather(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) {
      const size = this.#nextPieceSize
      this.#piece ??= this.#transmission.resources.pool.take(size)
      const count = Math.min(size - this.#filled, bytes.length - done)
      bytes.copy(this.#piece, this.#filled, done, done + count)
      this.#filled += count
      done += count
      if (this.#filled === size) this.#writePiece()
    }
  }

  get #nextPieceSize(): number {
    if (this.#piece) return this.#size
    const { offset, length } = this.#request
    this.#size = Math.min(pieceSize(this.#transmission), offset + length - this.#position)
    return this.#size
  }

  /** Of the piece that is being filled: the share of a connection may change meanwhile. */
  #size = 0

  #writePiece(): void {
    const piece = this.#piece
    if (!piece) return
    this.#piece = undefined
    const bytes = piece.subarray(0, this.#filled)
    this.#filled = 0
    this.#write(bytes, piece.length, () => this.#transmission.resources.pool.give(piece))
  }

  #write(bytes: Buffer, held: number, done: () => void): void {
    const { sender, negotiated } = this.#transmission
    const offset = this.#position
    this.#position += bytes.length
    sender.hold(held)
    const written = negotiated.served.storage.write(bytes, offset).finally(() => {
      done()
      sender.release(held)
    })
    // It is looked at when all pieces are there; until then a failure is not unheard of.
    written.catch(() => {})
    this.#writes.push(written)
  }
}

/** Waits for all, then fails where one has failed: no write may go on behind a reply. */
async function allSettled(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works)
  await Promise.all(works)
}
