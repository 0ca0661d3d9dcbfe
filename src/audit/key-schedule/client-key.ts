/** The client's part of a key exchange before TLS 1.3: RFC 5246 section 7.4.7, RFC 8422 section 5.7. */
import { constants, publicEncrypt, X509Certificate } from 'node:crypto'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { CertificateList } from '../messages/certificate.ts'
import { keyExchangeOf } from '../messages/iana-suites.ts'
import type { ServerKeyExchange } from '../messages/server-key-exchange.ts'
import { makeKeyPair } from './key-pair.ts'
import { beginPickedGroupExchange } from './prime-exchange.ts'

export type ClientKey = {
  /** Of the message ClientKeyExchange. */
  readonly body: Buffer
  readonly premaster: Buffer
}

/** What a server said of the exchange. */
export type ServerSide = {
  readonly suite: number
  readonly certificates: CertificateList
  readonly keyExchange: ServerKeyExchange | undefined
}

type RandomBytes = (length: number) => Buffer

/** OpenSSL takes no larger prime either; a peer may send one of half a million bits. */
const LARGEST_PRIME = 10_000 / 8

/**
 * Undefined where there is no computing with the group.
 *
 * @param offered The version in the ClientHello.
 * @throws ProtocolError where what the server sent is no key.
 */
export function makeClientKey(
  { suite, certificates, keyExchange }: ServerSide,
  offered: number,
  random: RandomBytes,
): ClientKey | undefined {
  if (keyExchangeOf(suite) === 'RSA') return encryptedKey(certificates, offered, random)
  const { exchange } = keyExchange ?? refuse('no key for the exchange')
  if (exchange.kind === 'explicit-curve') return undefined
  if (exchange.kind === 'ecdhe') return onCurve(exchange.group, exchange.key, random)
  if (exchange.prime.length > LARGEST_PRIME) refuse(`a prime of ${exchange.prime.length} bytes`)
  const { share, compute } = beginPickedGroupExchange(exchange, random)
  const body = new ByteWriter().vector(2, (part) => part.bytes(share)).finish()
  return { body, premaster: compute(exchange.key) }
}

function onCurve(group: number, key: Buffer, random: RandomBytes): ClientKey | undefined {
  const pair = makeKeyPair(group, random)
  if (!pair) return undefined
  const body = new ByteWriter().vector(1, (part) => part.bytes(pair.share)).finish()
  return { body, premaster: pair.agree(key) }
}

/** RFC 5246 section 7.4.7.1. The padding is made here, so that a replay sends the same bytes. */
function encryptedKey(
  [certificate]: CertificateList,
  offered: number,
  random: RandomBytes,
): ClientKey {
  const premaster = random(48)
  premaster.writeUInt16BE(offered)
  try {
    const { publicKey } = new X509Certificate(certificate ?? '')
    const size = Math.ceil((publicKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
    const padding = random(size - 3 - premaster.length).map((byte) => byte || 1)
    const padded = Buffer.concat([Buffer.of(0, 2), padding, Buffer.of(0), premaster])
    const options = { key: publicKey, padding: constants.RSA_NO_PADDING }
    const encrypted = publicEncrypt(options, padded)
    return { body: new ByteWriter().vector(2, (part) => part.bytes(encrypted)).finish(), premaster }
  } catch {
    return refuse('a certificate that nothing can be encrypted for')
  }
}
