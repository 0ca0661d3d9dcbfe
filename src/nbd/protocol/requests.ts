/**
 * Requests of the transmission phase, compact and extended.
 *
 * They are read into an object that the caller keeps: thousands come each second.
 */
import { readUint64 } from '../../wire/byte-reader.ts'
import { writeUint64 } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { EXTENDED_REQUEST_MAGIC, NBD_CMD, NBD_CMD_FLAG, REQUEST_MAGIC } from './constants.ts'

export const REQUEST_SIZE = 28
export const EXTENDED_REQUEST_SIZE = 32

/**
 * A cookie is 64 opaque bits; two numbers for them are read, compared and written without an
 * allocation.
 */
export type Cookie = {
  cookieHigh: number
  cookieLow: number
}

/**
 * An offset as it stands on the wire. 64 bits do not fit into a JavaScript number; two halves are
 * sent back as they came, whatever a client put there.
 */
export type WireOffset = {
  offsetHigh: number
  offsetLow: number
}

export type Request = Cookie &
  WireOffset & {
    /** NBD_CMD_FLAG_... */
    flags: number
    /** NBD_CMD_... */
    command: number
    /** In bytes, to calculate with. Above 2^53 - 1 it is not exact, and beyond every export. */
    offset: number
    /** In bytes: of the payload where there is one, else of what the command works on. */
    length: number
  }

export function createRequest(): Request {
  const offset = { offset: 0, offsetHigh: 0, offsetLow: 0 }
  return { flags: 0, command: 0, cookieHigh: 0, cookieLow: 0, ...offset, length: 0 }
}

/** An offset as a number. Above 2^53 - 1 it is not exact, but still above every smaller one. */
export function offsetOf({ offsetHigh, offsetLow }: Readonly<WireOffset>): number {
  return offsetHigh * 0x1_0000_0000 + offsetLow
}

/** Reads a compact request. @throws ProtocolError where no request stands there. */
export function readRequest(bytes: Buffer, at: number, request: Request): void {
  requireMagic(bytes, at, REQUEST_SIZE, REQUEST_MAGIC)
  readCommand(bytes, at, request)
  request.length = bytes.readUInt32BE(at + 24)
}

/** Reads an extended request. @throws ProtocolError where no request stands there. */
export function readExtendedRequest(bytes: Buffer, at: number, request: Request): void {
  requireMagic(bytes, at, EXTENDED_REQUEST_SIZE, EXTENDED_REQUEST_MAGIC)
  readCommand(bytes, at, request)
  request.length = readUint64(bytes, at + 24)
}

export function writeRequest(bytes: Buffer, at: number, request: Readonly<Request>): void {
  bytes.writeUInt32BE(REQUEST_MAGIC, at)
  writeCommand(bytes, at, request)
  bytes.writeUInt32BE(request.length, at + 24)
}

export function writeExtendedRequest(bytes: Buffer, at: number, request: Readonly<Request>): void {
  bytes.writeUInt32BE(EXTENDED_REQUEST_MAGIC, at)
  writeCommand(bytes, at, request)
  writeUint64(bytes, request.length, at + 24)
}

/** How many bytes follow the header of a request: only writes have data in the compact form. */
export function payloadLength({ command, flags, length }: Readonly<Request>, extended: boolean) {
  if (extended) return flags & NBD_CMD_FLAG.PAYLOAD_LEN ? length : 0
  return command === NBD_CMD.WRITE ? length : 0
}

function requireMagic(bytes: Buffer, at: number, size: number, magic: number): void {
  if (bytes.length - at < size) refuse('a request cut short')
  const found = bytes.readUInt32BE(at)
  if (found !== magic) refuse(`a request that begins with 0x${found.toString(16)}`)
}

function readCommand(bytes: Buffer, at: number, request: Request): void {
  request.flags = bytes.readUInt16BE(at + 4)
  request.command = bytes.readUInt16BE(at + 6)
  request.cookieHigh = bytes.readUInt32BE(at + 8)
  request.cookieLow = bytes.readUInt32BE(at + 12)
  request.offsetHigh = bytes.readUInt32BE(at + 16)
  request.offsetLow = bytes.readUInt32BE(at + 20)
  request.offset = offsetOf(request)
}

/** The halves of the offset follow from `offset`, which is a safe integer. */
function writeCommand(bytes: Buffer, at: number, request: Readonly<Request>): void {
  bytes.writeUInt16BE(request.flags, at + 4)
  bytes.writeUInt16BE(request.command, at + 6)
  bytes.writeUInt32BE(request.cookieHigh, at + 8)
  bytes.writeUInt32BE(request.cookieLow, at + 12)
  writeUint64(bytes, request.offset, at + 16)
}
