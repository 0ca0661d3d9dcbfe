/** A handshake of TLS 1.3 as far as the server's Finished, and on from there: RFC 8446 section 2. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { Exchange } from '../connection/exchange.ts'
import { rethrowWithinAnswer } from '../connection/failure.ts'
import { type KeyPair, makeKeyPair } from '../key-schedule/key-pair.ts'
import {
  applicationTraffic,
  earlySecret,
  handshakeSecret,
  handshakeTraffic,
  masterSecret,
  type SuiteHash,
  type TrafficSecrets,
} from '../key-schedule/tls13-keys.ts'
import { suiteHash, Tls13Protection } from '../key-schedule/tls13-protection.ts'
import type { TlsAlert } from '../messages/alert.ts'
import { type CertificateList, decodeCertificate13 } from '../messages/certificate.ts'
import {
  type CertificateRequest,
  decodeCertificateRequest,
} from '../messages/certificate-request.ts'
import { readTlsExtensions, type TlsExtensions } from '../messages/extensions.ts'
import type { HandshakeMessage } from '../messages/handshake.ts'
import { HANDSHAKE, VERSION } from '../messages/iana-numbers.ts'
import {
  isRetryRequest,
  negotiatedVersion,
  type ServerHello,
  serverKeyShare,
} from '../messages/server-hello.ts'
import { helloOf, type Offer } from './offer.ts'
import { sendHello, serverHelloIn } from './server-flight.ts'
import type { TlsChannel } from './tls-channel.ts'

/** What TLS 1.3 hides from those who only listen. */
export type Handshake13 = {
  readonly hello: ServerHello
  readonly encryptedExtensions: TlsExtensions
  readonly request: CertificateRequest | undefined
  readonly certificates: CertificateList
  /** The scheme of the server's signature; undefined where a shared key is used instead. */
  readonly scheme: number | undefined
  /** For those who go on. */
  readonly session: Session13
}

/** A connection on which it is the client's turn to finish. */
type Session13 = {
  readonly channel: TlsChannel
  readonly hash: SuiteHash
  readonly suite: number
  readonly master: Buffer
  readonly handshakeTraffic: TrafficSecrets
  readonly applicationTraffic: TrafficSecrets
}

export type Reply13 =
  | { readonly kind: 'alert'; readonly alert: TlsAlert }
  | { readonly kind: 'older'; readonly version: number }
  | { readonly kind: 'handshake'; readonly handshake: Handshake13 }

/**
 * @param group One that `makeKeyPair` knows.
 * @throws ProtocolError, ExchangeEnded
 */
export async function handshake13(
  exchange: Exchange,
  offer: Offer,
  group: number,
): Promise<Reply13> {
  const pair = makeKeyPair(group, (length) => exchange.random(length))
  if (!pair) return refuse('no share, because its group cannot be computed with')
  const shares = [{ group, key: pair.share }]
  const hello = helloOf({ groups: [group], ...offer, shares }, exchange)
  const channel = await sendHello(exchange, offer, hello)
  const incoming = await channel.next()
  if (incoming.kind === 'alert') return { kind: 'alert', alert: incoming.alert }
  const server = serverHelloIn(incoming)
  const version = negotiatedVersion(server)
  if (version !== VERSION.TLS13) return { kind: 'older', version }
  if (isRetryRequest(server)) refuse('a HelloRetryRequest although a share of its group was there')
  try {
    return await readFlight(channel, server, pair)
  } catch (error) {
    return rethrowWithinAnswer(error)
  }
}

async function readFlight(
  channel: TlsChannel,
  hello: ServerHello,
  pair: KeyPair,
): Promise<Reply13> {
  const share = serverKeyShare(hello)
  if (share?.group !== pair.group) return refuse('a share of another group than the client')
  const hash = suiteHash(hello.suite)
  const secret = handshakeSecret(hash, earlySecret(hash), pair.agree(share.key))
  const traffic = handshakeTraffic(hash, secret, channel.transcript)
  channel.protectReading(new Tls13Protection(hello.suite, traffic.server))
  const shown: Shown = { extensions: [], request: undefined, certificates: [], scheme: undefined }
  for (;;) {
    const incoming = await channel.next()
    if (incoming.kind === 'alert') return { kind: 'alert', alert: incoming.alert }
    if (incoming.kind === 'data') return refuse('data before the end of the handshake')
    if (incoming.message.type === HANDSHAKE.finished) break
    readMessage(shown, incoming.message)
  }
  const master = masterSecret(hash, secret)
  const application = applicationTraffic(hash, master, channel.transcript)
  const session: Session13 = {
    ...{ channel, hash, suite: hello.suite, master },
    ...{ handshakeTraffic: traffic, applicationTraffic: application },
  }
  const { extensions, ...rest } = shown
  const handshake = { hello, encryptedExtensions: extensions, ...rest, session }
  return { kind: 'handshake', handshake }
}

type Shown = {
  extensions: TlsExtensions
  request: CertificateRequest | undefined
  certificates: CertificateList
  scheme: number | undefined
}

function readMessage(shown: Shown, { type, body }: HandshakeMessage): void {
  const reader = new ByteReader(body, 'a handshake message')
  if (type === HANDSHAKE.encrypted_extensions) {
    shown.extensions = readTlsExtensions(reader)
    reader.end()
  } else if (type === HANDSHAKE.certificate) shown.certificates = decodeCertificate13(body)
  else if (type === HANDSHAKE.certificate_verify) {
    shown.scheme = reader.readUint16()
    reader.readVector(2)
    reader.end()
  } else if (type === HANDSHAKE.certificate_request) {
    shown.request = decodeCertificateRequest(body, VERSION.TLS13)
  } else refuse(`handshake message ${type} in the server's flight`)
}
