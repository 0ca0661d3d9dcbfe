/**
 * ServerKeyExchange of ephemeral key exchanges: RFC 5246 section 7.4.3, RFC 8422 section 5.4, RFC 4279, RFC 5489.
 *
 * The message does not say what it holds: the suite does.
 */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { VERSION } from './iana-numbers.ts'

/** What the server sends for the agreement on a secret. */
type ServerExchange =
  | { readonly kind: 'ecdhe'; readonly group: number; readonly key: Buffer }
  /** A curve that the server writes out, as only very old ones do. */
  | { readonly kind: 'explicit-curve' }
  | {
      readonly kind: 'dhe'
      readonly prime: Buffer
      readonly generator: Buffer
      readonly key: Buffer
    }

export type ServerKeyExchange = {
  readonly exchange: ServerExchange
  /** The identity hint of a shared key, where there is one. */
  readonly hint: Buffer | undefined
  /** The scheme of the signature; undefined where there is none, or the version fixes it. */
  readonly scheme: number | undefined
  /** Empty where the suite has none. */
  readonly signature: Buffer
  /** What is signed behind the randoms. */
  readonly signed: Buffer
}

export type ExchangeForm = {
  readonly kind: 'ecdhe' | 'dhe'
  readonly hasHint: boolean
  readonly isSigned: boolean
}

/** The form by the key exchange of a suite; undefined where it is of no ephemeral kind. */
export function exchangeForm(keyExchange: string): ExchangeForm | undefined {
  const [, kind, key] =
    /^(?:(ECDHE|DHE|ECDH|DH)_(RSA|DSS|ECDSA|PSK|anon)|PSK_DHE)(?:_EXPORT)?/.exec(keyExchange) ?? []
  if (keyExchange === 'PSK_DHE') return { kind: 'dhe', hasHint: true, isSigned: false }
  const isStatic = (kind === 'ECDH' || kind === 'DH') && key !== 'anon'
  if (kind === undefined || isStatic) return undefined
  return {
    kind: kind.startsWith('EC') ? 'ecdhe' : 'dhe',
    hasHint: key === 'PSK',
    isSigned: key !== 'PSK' && key !== 'anon',
  }
}

const NAMED_CURVE = 3

/** @throws ProtocolError */
export function decodeServerKeyExchange(
  body: Buffer,
  { kind, hasHint, isSigned }: ExchangeForm,
  version: number,
): ServerKeyExchange {
  const reader = new ByteReader(body, 'a ServerKeyExchange')
  const hint = hasHint ? reader.readVector(2) : undefined
  const start = reader.offset
  const exchange = kind === 'ecdhe' ? readCurve(reader) : readPrime(reader)
  const signed = body.subarray(start, reader.offset)
  if (exchange.kind === 'explicit-curve' || !isSigned) {
    if (exchange.kind !== 'explicit-curve') reader.end()
    return { exchange, hint, scheme: undefined, signature: Buffer.alloc(0), signed }
  }
  const scheme = version >= VERSION.TLS12 ? reader.readUint16() : undefined
  const signature = reader.readVector(2)
  reader.end()
  return { exchange, hint, scheme, signature, signed }
}

function readCurve(reader: ByteReader): ServerExchange {
  if (reader.readUint8() !== NAMED_CURVE) return { kind: 'explicit-curve' }
  return { kind: 'ecdhe', group: reader.readUint16(), key: reader.readVector(1) }
}

function readPrime(reader: ByteReader): ServerExchange {
  const [prime, generator, key] = [
    reader.readVector(2),
    reader.readVector(2),
    reader.readVector(2),
  ] as const
  return { kind: 'dhe', prime, generator, key }
}

/**
 * The message with what a server says; a curve that is written out is not made.
 *
 * @internal Exported for tests.
 */
export function encodeServerKeyExchange({
  exchange,
  hint,
  scheme,
  signature,
}: Omit<ServerKeyExchange, 'signed'>): Buffer {
  const writer = new ByteWriter()
  if (hint) writer.vector(2, (part) => part.bytes(hint))
  if (exchange.kind === 'ecdhe') {
    writer
      .uint8(NAMED_CURVE)
      .uint16(exchange.group)
      .vector(1, (part) => part.bytes(exchange.key))
  } else if (exchange.kind === 'dhe') {
    for (const number of [exchange.prime, exchange.generator, exchange.key]) {
      writer.vector(2, (part) => part.bytes(number))
    }
  }
  if (scheme !== undefined) writer.uint16(scheme)
  if (signature.length > 0) writer.vector(2, (part) => part.bytes(signature))
  return writer.finish()
}
