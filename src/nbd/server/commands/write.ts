/** NBD_CMD_WRITE: data goes to the storage as it comes in; only pieces of it are in memory. */

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

/** Parts of a piece beyond which they are copied together: a peer may send byte by byte. */
const PARTS_LIMIT = 64

class WriteSink implements PayloadSink {
  readonly #transmission: CommandContext
  readonly #request: Request
  /** Where the next piece goes. */
  #position: number
  #parts: Buffer[] = []
  #gathered = 0
  readonly #writes: Promise<void>[] = []

  constructor(transmission: CommandContext, request: Request) {
    this.#transmission = transmission
    this.#request = request
    this.#position = request.offset
  }

  receive(bytes: Buffer, isLast: boolean): void {
    this.#parts.push(bytes)
    this.#gathered += bytes.length
    if (isLast || this.#gathered >= pieceSize(this.#transmission)) this.#writePiece()
    else if (this.#parts.length >= PARTS_LIMIT) this.#parts = [Buffer.concat(this.#parts)]
    if (isLast) this.#transmission.answerAfter(this.#request, allSettled(this.#writes))
  }

  #writePiece(): void {
    const { negotiated } = this.#transmission
    const [parts, size, offset] = [this.#parts, this.#gathered, this.#position]
    this.#parts = []
    this.#gathered = 0
    this.#position += size
    const written = negotiated.served.storage.write(parts, offset)
    // A failure is looked at when all pieces are there.
    this.#transmission.holdWhile(size, written)
    this.#writes.push(written)
  }
}

/** Waits for all, then fails where one has failed: no write may go on behind a reply. */
async function allSettled(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works)
  await Promise.all(works)
}
