/** ClientHello: RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2, RFC 6101 section 5.6.1.2. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { readTlsExtensions, type TlsExtensions, writeExtensions } from './extensions.ts'

export type ClientHello = {
  /** What the message says; TLS 1.3 says it in `supported_versions` instead. */
  readonly version: number
  /** 32 bytes. */
  readonly random: Buffer
  readonly sessionId: Buffer
  readonly suites: readonly number[]
  readonly compressions: readonly number[]
  /** Undefined where the message ends before them, as in SSL 3.0. */
  readonly extensions: TlsExtensions | undefined
}

export const RANDOM_LENGTH = 32

export function encodeClientHello(hello: ClientHello): Buffer {
  const writer = new ByteWriter()
    .uint16(hello.version)
    .bytes(hello.random)
    .vector(1, (part) => part.bytes(hello.sessionId))
    .vector(2, (list) => {
      for (const suite of hello.suites) list.uint16(suite)
    })
    .vector(1, (part) => part.bytes(Buffer.from(hello.compressions)))
  if (hello.extensions) writeExtensions(writer, hello.extensions)
  return writer.finish()
}

/**
 * @throws ProtocolError
 *
 * @internal Exported for tests.
 */
export function decodeClientHello(body: Buffer): ClientHello {
  const reader = new ByteReader(body, 'a ClientHello')
  const version = reader.readUint16()
  const random = reader.readBytes(RANDOM_LENGTH)
  const sessionId = reader.readVector(1)
  const suites = readNumbers(reader.readPart(2))
  const compressions = [...reader.readVector(1)]
  const extensions = reader.remaining > 0 ? readTlsExtensions(reader) : undefined
  reader.end()
  return { version, random, sessionId, suites, compressions, extensions }
}

/** All that is left, as numbers of 16 bits. */
export function readNumbers(reader: ByteReader): readonly number[] {
  const list: number[] = []
  while (reader.remaining > 0) list.push(reader.readUint16())
  return list
}
