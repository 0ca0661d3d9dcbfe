/** The first bytes of a connection, and what ends the negotiation with NBD_OPT_EXPORT_NAME. */
import { refuse } from '../../wire/protocol-error.ts'
import { type ByteCount, toByteCount } from './byte-count.ts'
import { NBD_MAGIC, OLD_STYLE_MAGIC, OPTION_MAGIC } from './constants.ts'

/** NBDMAGIC, IHAVEOPT and the handshake flags. */
export const GREETING_SIZE = 18

export const CLIENT_FLAGS_SIZE = 4

/** The greeting of a server of the new style. */
export function encodeGreeting(flags: number): Buffer {
  const bytes = Buffer.allocUnsafe(GREETING_SIZE)
  NBD_MAGIC.copy(bytes, 0)
  OPTION_MAGIC.copy(bytes, 8)
  bytes.writeUInt16BE(flags, 16)
  return bytes
}

export type NbdGreeting = {
  /** An old-style server goes on with its export at once: there is nothing to negotiate. */
  readonly isOldStyle: boolean
  /** Handshake flags; 0 in the old style. */
  readonly flags: number
}

export function decodeGreeting(bytes: Buffer): NbdGreeting {
  requireSize(bytes, GREETING_SIZE, 'a greeting')
  if (!bytes.subarray(0, 8).equals(NBD_MAGIC)) refuse('a greeting that is not of NBD')
  const style = bytes.subarray(8, 16)
  if (style.equals(OLD_STYLE_MAGIC)) return { isOldStyle: true, flags: 0 }
  if (!style.equals(OPTION_MAGIC)) refuse('a greeting of an unknown style of NBD')
  return { isOldStyle: false, flags: bytes.readUInt16BE(16) }
}

export function encodeClientFlags(flags: number): Buffer {
  const bytes = Buffer.allocUnsafe(CLIENT_FLAGS_SIZE)
  bytes.writeUInt32BE(flags)
  return bytes
}

export function decodeClientFlags(bytes: Buffer): number {
  requireSize(bytes, CLIENT_FLAGS_SIZE, 'client flags')
  return bytes.readUInt32BE()
}

export type ExportNameReply = {
  readonly size: ByteCount
  /** Transmission flags. */
  readonly flags: number
}

/** Bytes of zeroes without a use. They are left out where both sides have set NBD_FLAG_NO_ZEROES. */
const RESERVED_SIZE = 124

/** @param zeroes Whether the reserved bytes are there. */
export function exportNameReplySize(zeroes: boolean): number {
  return zeroes ? 10 + RESERVED_SIZE : 10
}

export function encodeExportNameReply({ size, flags }: ExportNameReply, zeroes: boolean): Buffer {
  const bytes = Buffer.alloc(exportNameReplySize(zeroes))
  bytes.writeBigUInt64BE(BigInt(size), 0)
  bytes.writeUInt16BE(flags, 8)
  return bytes
}

/** The reserved bytes mean nothing, whatever they are. */
export function decodeExportNameReply(bytes: Buffer, zeroes: boolean): ExportNameReply {
  requireSize(bytes, exportNameReplySize(zeroes), 'a reply to NBD_OPT_EXPORT_NAME')
  const size = toByteCount(bytes.readBigUInt64BE(0))
  return { size, flags: bytes.readUInt16BE(8) }
}

function requireSize(bytes: Buffer, size: number, what: string): void {
  if (bytes.length !== size) refuse(`${what} of ${bytes.length} bytes instead of ${size}`)
}
