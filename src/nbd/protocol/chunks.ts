/** The payloads of chunks, and the payload of a request of block status. */
import { ByteReader, readUint64 } from '../../wire/byte-reader.ts'
import { ByteWriter, writeUint64 } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { EXTENT_LIMIT } from './constants.ts'
import { decodeText, truncateText } from './strings.ts'

/** What stands before the data of NBD_REPLY_TYPE_OFFSET_DATA: where the data belongs. */
export const OFFSET_DATA_PREFIX_SIZE = 8

export function writeOffsetDataPrefix(bytes: Buffer, at: number, offset: number): void {
  writeUint64(bytes, offset, at)
}

/** The offset of the data that follows. Above 2^53 - 1 it is not exact, and beyond every export. */
export function readOffsetDataPrefix(bytes: Buffer, at: number): number {
  if (bytes.length - at < OFFSET_DATA_PREFIX_SIZE) refuse('a chunk of data without its offset')
  return readUint64(bytes, at)
}

/** NBD_REPLY_TYPE_OFFSET_HOLE: bytes that read as zeroes. */
export type Hole = {
  readonly offset: number
  readonly length: number
}

export function encodeHole({ offset, length }: Hole): Buffer {
  return new ByteWriter().uint64(offset).uint32(length).finish()
}

export function decodeHole(payload: Buffer): Hole {
  const reader = new ByteReader(payload, 'a hole')
  const hole = { offset: reader.readUint64(), length: reader.readUint32() }
  reader.end()
  if (hole.length === 0) refuse('a hole of no bytes')
  return hole
}

/** A run of bytes with the same status. */
export type Extent = {
  readonly length: number
  /** For `base:allocation` NBD_STATE_... A number where it is exact, and a bigint above 2^53 - 1. */
  readonly status: ExtentStatus
}

export type ExtentStatus = number | bigint

export function hasState(status: ExtentStatus, state: number): boolean {
  return (BigInt(status) & BigInt(state)) !== 0n
}

/** One metadata context's answer, from the offset of the request on. */
export type BlockStatus = {
  readonly contextId: number
  readonly extents: readonly Extent[]
}

/** NBD_REPLY_TYPE_BLOCK_STATUS: lengths and status of 32 bits. */
export function encodeBlockStatus({ contextId, extents }: BlockStatus): Buffer {
  const bytes = Buffer.allocUnsafe(4 + extents.length * 8)
  let at = bytes.writeUInt32BE(contextId)
  for (const { length, status } of extents) {
    at = bytes.writeUInt32BE(length, at)
    at = bytes.writeUInt32BE(Number(status), at)
  }
  return bytes
}

export function decodeBlockStatus(payload: Buffer): BlockStatus {
  const reader = new ByteReader(payload, 'block status')
  const contextId = reader.readUint32()
  const count = countExtents(reader.remaining, 8)
  const readExtent = () => ({ length: reader.readUint32(), status: reader.readUint32() })
  return { contextId, extents: readExtents(count, readExtent) }
}

/** NBD_REPLY_TYPE_BLOCK_STATUS_EXT: lengths and status of 64 bits. */
export function encodeExtendedBlockStatus({ contextId, extents }: BlockStatus): Buffer {
  const bytes = Buffer.allocUnsafe(8 + extents.length * 16)
  let at = bytes.writeUInt32BE(contextId)
  at = bytes.writeUInt32BE(extents.length, at)
  for (const { length, status } of extents) {
    writeUint64(bytes, length, at)
    if (typeof status === 'number') writeUint64(bytes, status, at + 8)
    else bytes.writeBigUInt64BE(status, at + 8)
    at += 16
  }
  return bytes
}

export function decodeExtendedBlockStatus(payload: Buffer): BlockStatus {
  const reader = new ByteReader(payload, 'block status')
  const contextId = reader.readUint32()
  const announced = reader.readUint32()
  const count = countExtents(reader.remaining, 16)
  if (count !== announced) refuse(`${count} extents where ${announced} were announced`)
  const readExtent = () => ({
    length: upTo53Bits(reader.readBigUint64()),
    status: exactStatus(reader.readBigUint64()),
  })
  return { contextId, extents: readExtents(count, readExtent) }
}

/** No export that is worked with is longer than that, so that a longer extent reaches its end as well. */
function upTo53Bits(length: bigint): number {
  return length > MAX_SAFE ? Number.MAX_SAFE_INTEGER : Number(length)
}

function exactStatus(status: bigint): ExtentStatus {
  return status > MAX_SAFE ? status : Number(status)
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

function countExtents(length: number, size: number): number {
  const count = length / size
  if (!Number.isInteger(count) || count === 0)
    refuse(`block status with ${length} bytes of extents`)
  if (count > EXTENT_LIMIT) refuse(`block status with ${count} extents`)
  return count
}

function readExtents(count: number, readExtent: () => Extent): readonly Extent[] {
  const extents: Extent[] = []
  for (let index = 0; index < count; index++) {
    const extent = readExtent()
    // A reader that goes from extent to extent would never reach the end.
    if (extent.length === 0) refuse('an extent of no bytes')
    extents.push(extent)
  }
  return extents
}

/** NBD_REPLY_TYPE_ERROR, and with an offset NBD_REPLY_TYPE_ERROR_OFFSET. */
export type ErrorChunk = {
  /** NBD_ERROR..., never 0. */
  readonly error: number
  /** For people; may be empty. Not safe for a terminal. */
  readonly message: string
  readonly offset?: number
}

export function encodeErrorChunk({ error, message, offset }: ErrorChunk): Buffer {
  const text = Buffer.from(truncateText(message), 'utf8')
  const writer = new ByteWriter().uint32(error).uint16(text.length).bytes(text)
  return (offset === undefined ? writer : writer.uint64(offset)).finish()
}

/** @param hasOffset Whether it is NBD_REPLY_TYPE_ERROR_OFFSET. */
export function decodeErrorChunk(payload: Buffer, hasOffset: boolean): ErrorChunk {
  const reader = new ByteReader(payload, 'an error')
  const error = reader.readUint32()
  const message = decodeText(reader.readBytes(reader.readUint16()), 'an error')
  const offset = hasOffset ? { offset: reader.readUint64() } : {}
  reader.end()
  if (error === 0) refuse('an error that is none')
  return { error, message, ...offset }
}

/** What a request of block status may carry: which contexts are to answer. */
export type StatusFilter = {
  /** Bytes that the request is about. */
  readonly length: number
  readonly contextIds: readonly number[]
}

export function decodeStatusFilter(payload: Buffer): StatusFilter {
  const reader = new ByteReader(payload, 'a choice of metadata contexts')
  const length = reader.readUint64()
  const contextIds: number[] = []
  while (reader.remaining > 0) contextIds.push(reader.readUint32())
  return { length, contextIds }
}
