/** What a server says to one ClientHello until it waits for the client, as far as it is in clear. */
import { refuse } from '../../wire/protocol-error.ts'
import type { Exchange } from '../connection/exchange.ts'
import { type Failure, failureOf } from '../connection/failure.ts'
import type { TlsAlert } from '../messages/alert.ts'
import { type CertificateList, decodeCertificate12 } from '../messages/certificate.ts'
import {
  type CertificateRequest,
  decodeCertificateRequest,
} from '../messages/certificate-request.ts'
import { type ClientHello, encodeClientHello } from '../messages/client-hello.ts'
import { HANDSHAKE, VERSION } from '../messages/iana-numbers.ts'
import { keyExchangeOf } from '../messages/iana-suites.ts'
import {
  decodeServerHello,
  isRetryRequest,
  negotiatedVersion,
  requestedGroup,
  type ServerHello,
} from '../messages/server-hello.ts'
import {
  decodeServerKeyExchange,
  exchangeForm,
  type ServerKeyExchange,
} from '../messages/server-key-exchange.ts'
import { helloOf, type Offer } from './offer.ts'
import { type Incoming, recordVersionFor, TlsChannel } from './tls-channel.ts'

/** What was chosen, and what followed before TLS 1.3. */
export type Flight = {
  readonly hello: ServerHello
  readonly version: number
  readonly suite: number
  /** The group that a HelloRetryRequest asks for; undefined where the answer is none. */
  readonly retryGroup: number | undefined
  readonly certificates: CertificateList
  readonly keyExchange: ServerKeyExchange | undefined
  readonly request: CertificateRequest | undefined
  /** Why what follows the ServerHello was not read. */
  readonly cut: Failure | undefined
  /** The alert that came in place of the rest. */
  readonly alert: TlsAlert | undefined
}

export type HelloReply =
  | { readonly kind: 'alert'; readonly alert: TlsAlert }
  | { readonly kind: 'flight'; readonly flight: Flight }

/** @throws ProtocolError, ExchangeEnded where there is no answer. */
export async function askHello(exchange: Exchange, offer: Offer): Promise<HelloReply> {
  const hello = helloOf(offer, exchange)
  const channel = await sendHello(exchange, offer, hello)
  const incoming = await channel.next()
  if (incoming.kind === 'alert') return { kind: 'alert', alert: incoming.alert }
  const server = serverHelloIn(incoming)
  const version = negotiatedVersion(server)
  const rest = version >= VERSION.TLS13 ? NOTHING : await readOlder(channel, server, version)
  const retryGroup = isRetryRequest(server) ? requestedGroup(server) : undefined
  const flight = { hello: server, version, suite: server.suite, retryGroup, ...rest }
  return { kind: 'flight', flight }
}

export async function sendHello(
  exchange: Exchange,
  { version }: Offer,
  hello: ClientHello,
): Promise<TlsChannel> {
  const channel = new TlsChannel(exchange, recordVersionFor(version))
  await channel.sendHandshake({ type: HANDSHAKE.client_hello, body: encodeClientHello(hello) })
  return channel
}

/** @throws ProtocolError where it is another message. */
export function serverHelloIn(incoming: Incoming): ServerHello {
  if (incoming.kind !== 'handshake' || incoming.message.type !== HANDSHAKE.server_hello) {
    return refuse('something else than a ServerHello')
  }
  return decodeServerHello(incoming.message.body)
}

type Rest = Pick<Flight, 'certificates' | 'keyExchange' | 'request' | 'cut' | 'alert'>

const NOTHING: Rest = {
  certificates: [],
  keyExchange: undefined,
  request: undefined,
  cut: undefined,
  alert: undefined,
}

/** The messages up to ServerHelloDone. What was chosen stays known where they are not to be read. */
export async function readOlder(
  channel: TlsChannel,
  server: ServerHello,
  version: number,
): Promise<Rest> {
  let rest = NOTHING
  try {
    for (let incoming = await channel.next(); ; incoming = await channel.next()) {
      if (incoming.kind === 'alert') rest = { ...rest, alert: incoming.alert }
      if (incoming.kind !== 'handshake') refuse('an end of the handshake after its ServerHello')
      if (incoming.message.type === HANDSHAKE.server_hello_done) return rest
      rest = { ...rest, ...readMessage(incoming.message, server, version) }
    }
  } catch (error) {
    return { ...rest, cut: failureOf(error) }
  }
}

function readMessage(
  { type, body }: { readonly type: number; readonly body: Buffer },
  { suite }: ServerHello,
  version: number,
): Partial<Rest> {
  if (type === HANDSHAKE.certificate) return { certificates: decodeCertificate12(body) }
  if (type === HANDSHAKE.certificate_request) {
    return { request: decodeCertificateRequest(body, version) }
  }
  if (type !== HANDSHAKE.server_key_exchange) return {}
  const form = exchangeForm(keyExchangeOf(suite))
  return form ? { keyExchange: decodeServerKeyExchange(body, form, version) } : {}
}
