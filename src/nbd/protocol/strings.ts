/** Strings of NBD: UTF-8 within a limit of length. Protocol, "String values". */
import type { ByteReader } from '../../wire/byte-reader.ts'
import type { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { STRING_LIMIT } from './constants.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The next string of a message, whose length is known. */
export function readString(reader: ByteReader, length: number): string {
  if (length > STRING_LIMIT) refuse(`${reader.what} with a string of ${length} bytes`)
  return decodeString(reader.readBytes(length), reader.what)
}

/** The next string of a message, with its length in 32 bits before it. */
export function readCountedString(reader: ByteReader): string {
  return readString(reader, reader.readUint32())
}

/** Adds a string with its length in 32 bits before it. */
export function writeCountedString(writer: ByteWriter, text: string): ByteWriter {
  const bytes = encodeString(text)
  return writer.uint32(bytes.length).bytes(bytes)
}

/** A string of the protocol: UTF-8 without NUL, which would end it early for a peer written in C. */
export function decodeString(bytes: Buffer, what: string): string {
  if (bytes.length > STRING_LIMIT) refuse(`${what} with a string of ${bytes.length} bytes`)
  if (bytes.includes(0)) refuse(`${what} with a NUL in a string`)
  try {
    return UTF8.decode(bytes)
  } catch {
    refuse(`${what} with a string that is not UTF-8`)
  }
}

/**
 * A text for people: what is not UTF-8 is replaced, so that the reason of an error is not lost.
 */
export function decodeText(bytes: Buffer, what: string): string {
  if (bytes.length > STRING_LIMIT) refuse(`${what} with a text of ${bytes.length} bytes`)
  return bytes.toString('utf8')
}

/** @throws RangeError where no peer could accept the string: too long, or with a NUL. */
export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length > STRING_LIMIT) {
    throw new RangeError(`a string of NBD has at most ${STRING_LIMIT} bytes, not ${bytes.length}`)
  }
  if (bytes.includes(0)) throw new RangeError('a string of NBD has no NUL')
  return bytes
}

/** As much of a text for people as a peer accepts. */
export function truncateText(text: string): string {
  const plain = text.replaceAll('\0', ' ')
  const bytes = Buffer.from(plain, 'utf8')
  if (bytes.length <= STRING_LIMIT) return plain
  return bytes
    .subarray(0, STRING_LIMIT)
    .toString('utf8')
    .replace(/\ufffd+$/, '')
}
