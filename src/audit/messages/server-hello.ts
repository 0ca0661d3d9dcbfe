/** ServerHello and HelloRetryRequest: RFC 8446 sections 4.1.3 and 4.1.4, RFC 5246 section 7.4.1.3. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { RANDOM_LENGTH } from './client-hello.ts'
import {
  findExtension,
  type KeyShareEntry,
  readTlsExtensions,
  type TlsExtensions,
  writeExtensions,
} from './extensions.ts'
import { EXTENSION } from './iana-numbers.ts'

export type ServerHello = {
  /** What the message says; `negotiatedVersion` says what is meant. */
  readonly version: number
  /** 32 bytes. */
  readonly random: Buffer
  readonly sessionId: Buffer
  readonly suite: number
  readonly compression: number
  readonly extensions: TlsExtensions
}

/** The random of a ServerHello that asks for another ClientHello: SHA-256 of "HelloRetryRequest". */
const RETRY_RANDOM = Buffer.from(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
  'hex',
)

/** How a server that knows a newer version marks an older one: "DOWNGRD" and the version. */
const TO_TLS12 = Buffer.from('444f574e47524401', 'hex')
const TO_TLS11 = Buffer.from('444f574e47524400', 'hex')

/** @internal Exported for tests. */
export function encodeServerHello(hello: ServerHello): Buffer {
  const writer = new ByteWriter()
    .uint16(hello.version)
    .bytes(hello.random)
    .vector(1, (part) => part.bytes(hello.sessionId))
    .uint16(hello.suite)
    .uint8(hello.compression)
  if (hello.extensions.length > 0) writeExtensions(writer, hello.extensions)
  return writer.finish()
}

/** @throws ProtocolError */
export function decodeServerHello(body: Buffer): ServerHello {
  const reader = new ByteReader(body, 'a ServerHello')
  const hello = {
    version: reader.readUint16(),
    random: reader.readBytes(RANDOM_LENGTH),
    sessionId: reader.readVector(1),
    suite: reader.readUint16(),
    compression: reader.readUint8(),
  }
  const extensions = reader.remaining > 0 ? readTlsExtensions(reader) : []
  reader.end()
  return { ...hello, extensions }
}

export function isRetryRequest({ random }: ServerHello): boolean {
  return random.equals(RETRY_RANDOM)
}

/** @throws ProtocolError */
export function negotiatedVersion({ version, extensions }: ServerHello): number {
  return numberOf(extensions, EXTENSION.supported_versions, 'supported_versions') ?? version
}

/**
 * The group that a HelloRetryRequest asks for.
 *
 * @throws ProtocolError
 */
export function requestedGroup({ extensions }: ServerHello): number | undefined {
  return numberOf(extensions, EXTENSION.key_share, 'key_share of a HelloRetryRequest')
}

/** @throws ProtocolError */
export function serverKeyShare({ extensions }: ServerHello): KeyShareEntry | undefined {
  const data = findExtension(extensions, EXTENSION.key_share)
  if (!data) return undefined
  const reader = new ByteReader(data, 'key_share of a ServerHello')
  const share = { group: reader.readUint16(), key: reader.readVector(2) }
  reader.end()
  return share
}

/**
 * The place, from 0, of the ticket that the server took among those that were offered (RFC 8446 section 4.2.11).
 *
 * @throws ProtocolError
 */
export function selectedIdentity({ extensions }: ServerHello): number | undefined {
  return numberOf(extensions, EXTENSION.pre_shared_key, 'pre_shared_key of a ServerHello')
}

/** What an extension says that is one number of two bytes. @param what Names it in errors. */
function numberOf(extensions: TlsExtensions, type: number, what: string): number | undefined {
  const data = findExtension(extensions, type)
  if (!data) return undefined
  const reader = new ByteReader(data, what)
  const number = reader.readUint16()
  reader.end()
  return number
}

/** Whether the server says that it knows a newer version than it chose (RFC 8446 section 4.1.3). */
export function hasDowngradeMark({ random }: ServerHello): boolean {
  const mark = random.subarray(RANDOM_LENGTH - TO_TLS12.length)
  return mark.equals(TO_TLS12) || mark.equals(TO_TLS11)
}
