/** NBD_CMD_READ: what is in memory at once, all else piece by piece, holes as holes. */

import { HEADER_ROOM, PIECE, SMALL_PIECE } from '../../../transfer/buffer-pool.ts'
import { PAYLOAD_LIMIT } from '../../exports/nbd-export.ts'
import { encodeHole } from '../../protocol/chunks.ts'
import { NBD_CMD, NBD_CMD_FLAG, NBD_ERROR, NBD_REPLY_TYPE } from '../../protocol/constants.ts'
import type { Request } from '../../protocol/requests.ts'
import type { DataChunk } from '../replies/reply-format.ts'
import { BATCHED } from '../replies/reply-sender.ts'
import type { CommandContext } from './command-context.ts'
import type { CommandHandler } from './command-handler.ts'

export const read: CommandHandler = {
  command: NBD_CMD.READ,
  flags: NBD_CMD_FLAG.DF,
  beyondEnd: NBD_ERROR.EINVAL,
  dataLimit: PAYLOAD_LIMIT,
  serve(transmission, request) {
    const { length, flags } = request
    if (length === 0) return transmission.acknowledge(request)
    const limit = Math.max(UNFRAGMENTED, pieceSize(transmission))
    if (flags & NBD_CMD_FLAG.DF && length > limit) {
      return transmission.replyError(request, NBD_ERROR.EOVERFLOW)
    }
    if (mayBringHoles(transmission, request) || !readAtOnce(transmission, request)) {
      transmission.own(request, readPieces(transmission, request))
    }
  },
}

/** In bytes: the protocol has every server send that much in one chunk to those who ask for it. */
const UNFRAGMENTED = 65_536

/** Below it, asking for holes costs more than it saves. */
const WORTH_ASKING = 65_536

function mayBringHoles(transmission: CommandContext, request: Request): boolean {
  const { isSparse } = transmission.negotiated.served.storage
  return isSparse && request.length >= WORTH_ASKING && !isOneChunk(transmission, request)
}

function isOneChunk({ format }: CommandContext, { flags }: Request): boolean {
  return !format.hasChunks || (flags & NBD_CMD_FLAG.DF) !== 0
}

/** Reads what needs no waiting; false where there is something to wait for. */
function readAtOnce(transmission: CommandContext, request: Request): boolean {
  const { format, sender } = transmission
  const size = format.dataHeaderSize + request.length
  if (size > BATCHED) return readBufferAtOnce(transmission, request)
  const { bytes, at } = sender.reserve(size)
  if (!readBehindHeader(transmission, request, bytes, at)) return false
  sender.commit(size)
  transmission.finish()
  return true
}

function readBufferAtOnce(transmission: CommandContext, request: Request): boolean {
  if (chunkSize(transmission, request) < request.length) return false
  const { resources, format, sender } = transmission
  const buffer = resources.pool.take(HEADER_ROOM + request.length)
  const isRead = readBehindHeader(transmission, request, buffer, 0)
  if (!isRead) resources.pool.give(buffer)
  else {
    const bytes = buffer.subarray(0, format.dataHeaderSize + request.length)
    sender.send(bytes, () => resources.pool.give(buffer))
    transmission.finish()
  }
  return isRead
}

function readBehindHeader(
  { format, negotiated }: CommandContext,
  request: Request,
  bytes: Buffer,
  at: number,
): boolean {
  const { offset, length } = request
  const start = at + format.dataHeaderSize
  if (!negotiated.served.storage.readNow(bytes, start, length, offset)) return false
  format.writeDataHeader(bytes, at, request, { offset, length, isDone: true })
  return true
}

async function readPieces(transmission: CommandContext, request: Request): Promise<void> {
  const { offset, length } = request
  const isSplit = length > pieceSize(transmission)
  if (isSplit && !transmission.format.hasChunks) return readUnderOneHeader(transmission, request)
  for (let done = 0; done < length && !transmission.isGone; ) {
    const rest = { offset: offset + done, length: length - done }
    const hole = mayBringHoles(transmission, request) ? await holeAt(transmission, rest) : 0
    const count = hole || Math.min(rest.length, chunkSize(transmission, request))
    const chunk = { offset: rest.offset, length: count, isDone: count === rest.length }
    if (hole > 0) sendHole(transmission, request, chunk)
    else await sendData(transmission, request, chunk, transmission.format.dataHeaderSize)
    done += count
  }
  transmission.finish()
}

type Range = { readonly offset: number; readonly length: number }

function sendHole({ sender, format }: CommandContext, request: Request, chunk: DataChunk): void {
  const payload = encodeHole(chunk)
  const { isDone } = chunk
  sender.add(format.encodeChunk(request, { type: NBD_REPLY_TYPE.OFFSET_HOLE, payload, isDone }))
}

/** How long the hole is that a range begins with; 0 where it begins with data. */
async function holeAt(transmission: CommandContext, { offset, length }: Range): Promise<number> {
  const { negotiated, resources } = transmission
  const { storage } = negotiated.served
  const [first] = await resources.turns.take(transmission, () => storage.extents(offset, length, 1))
  return first?.isZero ? first.length : 0
}

/**
 * Reads a chunk and sends it.
 *
 * @param headerSize 0 where a header has promised the data already.
 */
async function sendData(
  transmission: CommandContext,
  request: Request,
  chunk: DataChunk,
  headerSize: number,
): Promise<void> {
  const { resources, sender, negotiated, format } = transmission
  const { offset, length } = chunk
  const { storage } = negotiated.served
  while (transmission.isFull) await transmission.room()
  const buffer = resources.pool.take(HEADER_ROOM + length)
  sender.hold(length)
  try {
    const isRead = storage.readNow(buffer, headerSize, length, offset)
    if (!isRead) await storage.read(buffer, headerSize, length, offset)
  } catch (error) {
    resources.pool.give(buffer)
    throw error
  } finally {
    sender.release(length)
  }
  if (headerSize > 0) format.writeDataHeader(buffer, 0, request, chunk)
  sender.send(buffer.subarray(0, headerSize + length), () => resources.pool.give(buffer))
}

/**
 * A simple reply says whether it fails before the first byte of data. To keep 32 MiB out of memory,
 * everything is read once to see that it can be, and once more to be sent, with no other reply in
 * between.
 */
async function readUnderOneHeader(transmission: CommandContext, request: Request): Promise<void> {
  await transmission.becomeAlone()
  await readAndForget(transmission, request)
  try {
    for (const range of piecesOf(transmission, request)) {
      const isFirst = range.offset === request.offset
      const headerSize = isFirst ? transmission.format.dataHeaderSize : 0
      await sendData(transmission, request, { ...range, isDone: true }, headerSize)
    }
    transmission.finish()
  } catch (error) {
    // The header has promised success: there is no way left to tell the client.
    transmission.abandon(error)
  }
}

/** Reads a range to see that it can be read, or to have it in memory. */
export async function readAndForget(transmission: CommandContext, range: Range): Promise<void> {
  const { resources, negotiated, sender } = transmission
  for (const { offset, length } of piecesOf(transmission, range)) {
    while (transmission.isFull) await transmission.room()
    const buffer = resources.pool.take(length)
    sender.hold(length)
    try {
      await negotiated.served.storage.read(buffer, 0, length, offset)
    } finally {
      resources.pool.give(buffer)
      sender.release(length)
    }
  }
}

/** In bytes: how much one chunk may hold. */
function chunkSize(transmission: CommandContext, { flags }: Request): number {
  const size = pieceSize(transmission)
  return flags & NBD_CMD_FLAG.DF ? Math.max(UNFRAGMENTED, size) : size
}

function* piecesOf(transmission: CommandContext, { offset, length }: Range): Iterable<Range> {
  const size = pieceSize(transmission)
  for (let done = 0; done < length; done += size) {
    if (transmission.isGone) return
    yield { offset: offset + done, length: Math.min(size, length - done) }
  }
}

/** In bytes: smaller where many connections share the memory. */
export function pieceSize({ resources }: CommandContext): number {
  return resources.window() < PIECE ? SMALL_PIECE : PIECE
}
