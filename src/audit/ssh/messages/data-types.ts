/** Data types of SSH that the shared reader and writer do not have: RFC 4251, section 5. */
import type { ByteReader } from '../../../wire/byte-reader.ts'
import type { ByteWriter } from '../../../wire/byte-writer.ts'
import { refuse } from '../../../wire/protocol-error.ts'

/** `string`: its length, then its bytes. */
export function readSshString(reader: ByteReader): Buffer {
  return reader.readVector(4)
}

export function writeSshString(writer: ByteWriter, bytes: Buffer): ByteWriter {
  return writer.vector(4, (part) => part.bytes(bytes))
}

/** A string that holds a name or a text for people. */
export function readText(reader: ByteReader): string {
  return readSshString(reader).toString('utf8')
}

export function writeText(writer: ByteWriter, text: string): ByteWriter {
  return writeSshString(writer, Buffer.from(text, 'utf8'))
}

/** `mpint`: the shortest two's complement; negative numbers are refused, for none has a use here. */
export function readPositiveNumber(reader: ByteReader): Buffer {
  const bytes = readSshString(reader)
  if ((bytes[0] ?? 0) & 0x80) refuse(`${reader.what} with a negative number`)
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? Buffer.alloc(0) : bytes.subarray(first)
}

/** @param bytes A number that is not negative, big endian. */
export function writePositiveNumber(writer: ByteWriter, bytes: Buffer): ByteWriter {
  const first = bytes.findIndex((byte) => byte !== 0)
  const shortest = first < 0 ? Buffer.alloc(0) : bytes.subarray(first)
  const sign = (shortest[0] ?? 0) & 0x80 ? Buffer.alloc(1) : Buffer.alloc(0)
  return writeSshString(writer, Buffer.concat([sign, shortest]))
}

/** `name-list`: names with commas between them. A name is US-ASCII and never empty. */
export function readNameList(reader: ByteReader): readonly string[] {
  return parseNameList(readSshString(reader).toString('latin1'), reader.what)
}

export function writeNameList(writer: ByteWriter, names: readonly string[]): ByteWriter {
  return writeSshString(writer, Buffer.from(names.join(','), 'latin1'))
}

/** No program has nearly so many algorithms. Each may cost a connection, and a comparison with all others. */
const MOST_NAMES = 512

/**
 * @param what What holds the list, for errors.
 * @throws ProtocolError also where a name is four times as long as RFC 4250, section 4.6.1, permits.
 */
export function parseNameList(text: string, what: string): readonly string[] {
  if (text === '') return []
  const names = text.split(',')
  if (names.length > MOST_NAMES) refuse(`${what} with a list of ${names.length} names`)
  // A name goes into reports and onto terminals: control characters would forge lines there.
  if (!names.every((name) => /^[\x21-\x7e]{1,256}$/.test(name)))
    refuse(`${what} with a malformed name`)
  return names
}
