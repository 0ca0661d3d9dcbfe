/** Writes and reads ClientHello messages that say anything (RFC 8446 section 4.1.2, RFC 5246). */
import { randomBytes } from 'node:crypto'

/** What a ClientHello offers, by wire numbers. */
export type Offer = {
  /** The version of the message itself; TLS 1.3 is offered in `versions`. */
  readonly legacyVersion: number
  readonly versions?: readonly number[]
  readonly suites: readonly number[]
  readonly groups?: readonly number[]
  readonly schemes?: readonly number[]
  readonly keyShare?: { readonly group: number; readonly key: Buffer }
}

const SUPPORTED_GROUPS = 10
const POINT_FORMATS = 11
const SIGNATURE_ALGORITHMS = 13
const EXTENDED_MASTER_SECRET = 23
const SUPPORTED_VERSIONS = 43
const PSK_MODES = 45
const KEY_SHARE = 51
const RENEGOTIATION_INFO = 0xff01

/** The whole record. */
export function encodeClientHello(offer: Offer): Buffer {
  const body = Buffer.concat([
    uint16(offer.legacyVersion),
    randomBytes(32),
    vector8(randomBytes(32)),
    vector16(...offer.suites.map(uint16)),
    vector8(Buffer.from([0])),
    vector16(...extensions(offer)),
  ])
  const size = Buffer.from([1, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff])
  return Buffer.concat([Buffer.from([22, 3, 1]), vector16(size, body)])
}

function* extensions({ versions, groups, schemes, keyShare }: Offer): Generator<Buffer> {
  yield extension(RENEGOTIATION_INFO, vector8())
  yield extension(EXTENDED_MASTER_SECRET)
  yield extension(POINT_FORMATS, vector8(Buffer.from([0])))
  if (groups) yield extension(SUPPORTED_GROUPS, vector16(...groups.map(uint16)))
  if (schemes) yield extension(SIGNATURE_ALGORITHMS, vector16(...schemes.map(uint16)))
  if (!versions) return
  yield extension(SUPPORTED_VERSIONS, vector8(...versions.map(uint16)))
  yield extension(PSK_MODES, vector8(Buffer.from([1])))
  const share = keyShare ? [uint16(keyShare.group), vector16(keyShare.key)] : []
  yield extension(KEY_SHARE, vector16(...share))
}

/** What a client offers; `versions` is empty where the message has no list of them. */
export type Hello = Required<Omit<Offer, 'keyShare'>>

/** What a client offers in the first record that it sends. */
export function decodeClientHello(record: Buffer): Hello {
  return decodeBody(record.subarray(9), [1])
}

/** What a client of DTLS offers in its first datagram (RFC 6347 section 4.2.1): a cookie is there too. */
export function decodeDatagramHello(record: Buffer): Hello {
  return decodeBody(record.subarray(25), [1, 1])
}

/** `skipped` are the sizes, in bytes, of the lengths of what stands before the suites. */
function decodeBody(record: Buffer, skipped: readonly 1[]): Hello {
  const legacyVersion = record.readUInt16BE(0)
  let at = 34
  const take = (prefix: 1 | 2): Buffer => {
    const length = record.readUIntBE(at, prefix)
    at += prefix + length
    return record.subarray(at - length, at)
  }
  for (const prefix of skipped) take(prefix)
  const suites = numbers(take(2))
  take(1)
  const found = new Map<number, Buffer>()
  at += 2
  while (at < record.length) {
    const type = record.readUInt16BE(at)
    at += 2
    found.set(type, take(2))
  }
  const listOf = (type: number, prefix: number): number[] =>
    numbers(found.get(type)?.subarray(prefix) ?? Buffer.alloc(0))
  return {
    legacyVersion,
    suites,
    versions: listOf(SUPPORTED_VERSIONS, 1),
    groups: listOf(SUPPORTED_GROUPS, 2),
    schemes: listOf(SIGNATURE_ALGORITHMS, 2),
  }
}

function numbers(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(2 * index))
}

function extension(type: number, body: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([uint16(type), vector16(body)])
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

function vector8(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([body.length]), body])
}

function vector16(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([uint16(body.length), body])
}
