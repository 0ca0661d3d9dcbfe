/** NBD_CMD_BLOCK_STATUS: where data is and where holes are, as `base:allocation` tells it. */

import { ProtocolError } from '../../../wire/protocol-error.ts'
import { ALLOCATION_ID } from '../../exports/agreement.ts'
import {
  decodeStatusFilter,
  type Extent,
  encodeBlockStatus,
  encodeExtendedBlockStatus,
} from '../../protocol/chunks.ts'
import {
  NBD_CMD,
  NBD_CMD_FLAG,
  NBD_ERROR,
  NBD_REPLY_TYPE,
  NBD_STATE,
} from '../../protocol/constants.ts'
import type { Request } from '../../protocol/requests.ts'
import type { StorageExtent } from '../../storage/storage.ts'
import type { CommandContext } from './command-context.ts'
import type { CommandHandler, PayloadSink } from './command-handler.ts'

/** Extents of one reply; the client asks again for what they do not cover. */
const EXTENTS_IN_REPLY = 1024

/** In bytes: a length, and some contexts of which there is but one. */
const FILTER_LIMIT = 64

export const blockStatus: CommandHandler = {
  command: NBD_CMD.BLOCK_STATUS,
  flags: NBD_CMD_FLAG.REQ_ONE,
  beyondEnd: NBD_ERROR.EINVAL,
  serve(transmission, request) {
    const { negotiated } = transmission
    const { length } = request
    if (!negotiated.hasAllocation || length === 0)
      transmission.replyError(request, NBD_ERROR.EINVAL)
    else startAnswer(transmission, request, length)
  },
  receive: (transmission, request) => new FilterSink(transmission, request),
}

/** In extended headers the payload says what is asked, and of which contexts. */
class FilterSink implements PayloadSink {
  readonly #transmission: CommandContext
  readonly #request: Request
  readonly #parts: Buffer[] = []

  constructor(transmission: CommandContext, request: Request) {
    this.#transmission = transmission
    this.#request = request
  }

  receive(bytes: Buffer, isLast: boolean): void {
    const isShort = this.#request.length <= FILTER_LIMIT
    if (isShort) this.#parts.push(Buffer.from(bytes))
    if (!isLast) return
    const length = isShort ? this.#readLength(Buffer.concat(this.#parts)) : 0
    if (length === 0) this.#transmission.replyError(this.#request, NBD_ERROR.EINVAL)
    else startAnswer(this.#transmission, this.#request, length)
  }

  /** 0 where the filter asks for something that is not there. */
  #readLength(payload: Buffer): number {
    const { hasAllocation, served } = this.#transmission.negotiated
    const filter = tryDecode(payload)
    const isKnown = filter?.contextIds.length === 1 && filter.contextIds[0] === ALLOCATION_ID
    if (!filter || !isKnown || !hasAllocation) return 0
    return this.#request.offset + filter.length > served.storage.size ? 0 : filter.length
  }
}

function tryDecode(payload: Buffer): ReturnType<typeof decodeStatusFilter> | undefined {
  try {
    return decodeStatusFilter(payload)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function startAnswer(transmission: CommandContext, request: Request, length: number): void {
  transmission.own(request, answer(transmission, request, length))
}

async function answer(
  transmission: CommandContext,
  request: Request,
  length: number,
): Promise<void> {
  const { negotiated, format, sender, resources } = transmission
  const limit = request.flags & NBD_CMD_FLAG.REQ_ONE ? 1 : EXTENTS_IN_REPLY
  const isWanted = () => !transmission.isGone
  const found = await resources.turns.take(transmission, async () =>
    isWanted()
      ? negotiated.served.storage.extents(request.offset, length, limit, isWanted)
      : NOTHING_FOUND,
  )
  if (!isWanted()) return transmission.finish()
  const status = { contextId: ALLOCATION_ID, extents: found.map(toExtent) }
  const isExtended = negotiated.style === 'extended'
  const payload = isExtended ? encodeExtendedBlockStatus(status) : encodeBlockStatus(status)
  const type = isExtended ? NBD_REPLY_TYPE.BLOCK_STATUS_EXT : NBD_REPLY_TYPE.BLOCK_STATUS
  sender.add(format.encodeChunk(request, { type, payload, isDone: true }))
  transmission.finish()
}

/** For a client that has left. */
const NOTHING_FOUND: readonly StorageExtent[] = []

function toExtent({ length, isHole, isZero }: StorageExtent): Extent {
  return { length, status: (isHole ? NBD_STATE.HOLE : 0) | (isZero ? NBD_STATE.ZERO : 0) }
}
