/** What stands before the data of an option and before the data of a reply to one. */

import { refuse } from '../../wire/protocol-error.ts'
import { OPTION_MAGIC, OPTION_REPLY_MAGIC } from './constants.ts'

export const OPTION_HEADER_SIZE = 16
export const OPTION_REPLY_HEADER_SIZE = 20

export type OptionHeader = {
  readonly option: number
  /** Bytes of data that follow. The reader of the data bounds them. */
  readonly length: number
}

export type OptionReplyHeader = {
  /** The option that is answered. */
  readonly option: number
  readonly type: number
  readonly length: number
}

/** An option with its data. */
export function encodeOption(option: number, data: Buffer = NO_DATA): Buffer {
  const bytes = Buffer.allocUnsafe(OPTION_HEADER_SIZE + data.length)
  OPTION_MAGIC.copy(bytes)
  bytes.writeUInt32BE(option, 8)
  bytes.writeUInt32BE(data.length, 12)
  data.copy(bytes, OPTION_HEADER_SIZE)
  return bytes
}

export function decodeOptionHeader(bytes: Buffer): OptionHeader {
  requireHeader(bytes, OPTION_HEADER_SIZE, OPTION_MAGIC, 'an option')
  return { option: bytes.readUInt32BE(8), length: bytes.readUInt32BE(12) }
}

/** A reply with its data. */
export function encodeOptionReply(option: number, type: number, data: Buffer = NO_DATA): Buffer {
  const bytes = Buffer.allocUnsafe(OPTION_REPLY_HEADER_SIZE + data.length)
  OPTION_REPLY_MAGIC.copy(bytes)
  bytes.writeUInt32BE(option, 8)
  bytes.writeUInt32BE(type, 12)
  bytes.writeUInt32BE(data.length, 16)
  data.copy(bytes, OPTION_REPLY_HEADER_SIZE)
  return bytes
}

export function decodeOptionReplyHeader(bytes: Buffer): OptionReplyHeader {
  requireHeader(bytes, OPTION_REPLY_HEADER_SIZE, OPTION_REPLY_MAGIC, 'a reply to an option')
  return {
    option: bytes.readUInt32BE(8),
    type: bytes.readUInt32BE(12),
    length: bytes.readUInt32BE(16),
  }
}

const NO_DATA = Buffer.alloc(0)

function requireHeader(bytes: Buffer, size: number, magic: Buffer, what: string): void {
  if (bytes.length !== size) refuse(`a header of ${bytes.length} bytes for ${what}`)
  if (!bytes.subarray(0, magic.length).equals(magic)) refuse(`${what} that does not begin as one`)
}
