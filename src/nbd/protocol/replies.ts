/**
 * Headers of replies: simple, structured and extended.
 *
 * They are read into an object that the caller keeps: thousands come each second.
 */
import { readUint64 } from '../../wire/byte-reader.ts'
import { writeUint64 } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { EXTENDED_REPLY_MAGIC, SIMPLE_REPLY_MAGIC, STRUCTURED_REPLY_MAGIC } from './constants.ts'
import type { Cookie, WireOffset } from './requests.ts'

export const SIMPLE_REPLY_SIZE = 16
export const STRUCTURED_REPLY_SIZE = 20
export const EXTENDED_REPLY_SIZE = 32

export type SimpleReply = Cookie & {
  /** NBD_ERROR..., 0 for success. */
  error: number
}

/** The header of one chunk of a reply; it has the offset of the request in extended headers only. */
export type ChunkHeader = Cookie &
  WireOffset & {
    /** NBD_REPLY_FLAG_... */
    flags: number
    /** NBD_REPLY_TYPE_... */
    type: number
    /** Bytes of payload. */
    length: number
  }

export function createSimpleReply(): SimpleReply {
  return { error: 0, cookieHigh: 0, cookieLow: 0 }
}

export function createChunkHeader(): ChunkHeader {
  return { flags: 0, type: 0, cookieHigh: 0, cookieLow: 0, offsetHigh: 0, offsetLow: 0, length: 0 }
}

export function readSimpleReply(bytes: Buffer, at: number, reply: SimpleReply): void {
  requireMagic(bytes, at, SIMPLE_REPLY_SIZE, SIMPLE_REPLY_MAGIC)
  reply.error = bytes.readUInt32BE(at + 4)
  reply.cookieHigh = bytes.readUInt32BE(at + 8)
  reply.cookieLow = bytes.readUInt32BE(at + 12)
}

export function writeSimpleReply(bytes: Buffer, at: number, reply: Readonly<SimpleReply>): void {
  bytes.writeUInt32BE(SIMPLE_REPLY_MAGIC, at)
  bytes.writeUInt32BE(reply.error, at + 4)
  bytes.writeUInt32BE(reply.cookieHigh, at + 8)
  bytes.writeUInt32BE(reply.cookieLow, at + 12)
}

export function readStructuredReply(bytes: Buffer, at: number, chunk: ChunkHeader): void {
  requireMagic(bytes, at, STRUCTURED_REPLY_SIZE, STRUCTURED_REPLY_MAGIC)
  readChunk(bytes, at, chunk)
  chunk.offsetHigh = 0
  chunk.offsetLow = 0
  chunk.length = bytes.readUInt32BE(at + 16)
}

export function writeStructuredReply(
  bytes: Buffer,
  at: number,
  chunk: Readonly<ChunkHeader>,
): void {
  bytes.writeUInt32BE(STRUCTURED_REPLY_MAGIC, at)
  writeChunk(bytes, at, chunk)
  bytes.writeUInt32BE(chunk.length, at + 16)
}

export function readExtendedReply(bytes: Buffer, at: number, chunk: ChunkHeader): void {
  requireMagic(bytes, at, EXTENDED_REPLY_SIZE, EXTENDED_REPLY_MAGIC)
  readChunk(bytes, at, chunk)
  chunk.offsetHigh = bytes.readUInt32BE(at + 16)
  chunk.offsetLow = bytes.readUInt32BE(at + 20)
  chunk.length = readUint64(bytes, at + 24)
}

export function writeExtendedReply(bytes: Buffer, at: number, chunk: Readonly<ChunkHeader>): void {
  bytes.writeUInt32BE(EXTENDED_REPLY_MAGIC, at)
  writeChunk(bytes, at, chunk)
  bytes.writeUInt32BE(chunk.offsetHigh, at + 16)
  bytes.writeUInt32BE(chunk.offsetLow, at + 20)
  writeUint64(bytes, chunk.length, at + 24)
}

function requireMagic(bytes: Buffer, at: number, size: number, magic: number): void {
  if (bytes.length - at < size) refuse('a reply cut short')
  const found = bytes.readUInt32BE(at)
  if (found !== magic) refuse(`a reply that begins with 0x${found.toString(16)}`)
}

function readChunk(bytes: Buffer, at: number, chunk: ChunkHeader): void {
  chunk.flags = bytes.readUInt16BE(at + 4)
  chunk.type = bytes.readUInt16BE(at + 6)
  chunk.cookieHigh = bytes.readUInt32BE(at + 8)
  chunk.cookieLow = bytes.readUInt32BE(at + 12)
}

function writeChunk(bytes: Buffer, at: number, chunk: Readonly<ChunkHeader>): void {
  bytes.writeUInt16BE(chunk.flags, at + 4)
  bytes.writeUInt16BE(chunk.type, at + 6)
  bytes.writeUInt32BE(chunk.cookieHigh, at + 8)
  bytes.writeUInt32BE(chunk.cookieLow, at + 12)
}
