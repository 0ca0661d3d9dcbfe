/** Records: RFC 8446 section 5.1, RFC 5246 section 6.2.1, RFC 6101 section 5.2.1. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { CONTENT_TYPES } from './iana-numbers.ts'

export type TlsRecord = {
  readonly type: number
  readonly version: number
  readonly payload: Buffer
}

export const RECORD_HEADER = 5

/** The largest payload in clear, and of any that is encrypted. */
const LARGEST_PLAIN = 2 ** 14
const LARGEST_PAYLOAD = LARGEST_PLAIN + 2048

const TYPES: ReadonlySet<number> = new Set(Object.values(CONTENT_TYPES))

export type RecordHeader = Omit<TlsRecord, 'payload'> & { readonly length: number }

/** @throws ProtocolError where it is no record of any version of TLS. */
export function decodeRecordHeader(bytes: Buffer): RecordHeader {
  const reader = new ByteReader(bytes, 'the header of a record')
  const header = {
    type: reader.readUint8(),
    version: reader.readUint16(),
    length: reader.readUint16(),
  }
  reader.end()
  if (!TYPES.has(header.type)) refuse(`what is no record of TLS (${bytes.toString('hex')})`)
  if (header.version >> 8 !== 3) refuse(`a record of version 0x${header.version.toString(16)}`)
  if (header.length > LARGEST_PAYLOAD) refuse(`a record of ${header.length} bytes`)
  return header
}

/**
 * @throws ProtocolError
 *
 * @internal Exported for tests.
 */
export function decodeRecord(bytes: Buffer): TlsRecord {
  const { type, version, length } = decodeRecordHeader(bytes.subarray(0, RECORD_HEADER))
  const reader = new ByteReader(bytes.subarray(RECORD_HEADER), 'a record')
  const payload = reader.readBytes(length)
  reader.end()
  return { type, version, payload }
}

/** One record, or several where the payload is larger than one can be. */
export function encodeRecords(type: number, version: number, payload: Buffer): Buffer {
  const writer = new ByteWriter()
  let at = 0
  do {
    const part = payload.subarray(at, at + LARGEST_PLAIN)
    writer
      .uint8(type)
      .uint16(version)
      .vector(2, (body) => body.bytes(part))
    at += LARGEST_PLAIN
  } while (at < payload.length)
  return writer.finish()
}
