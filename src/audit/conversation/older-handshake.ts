/** A whole handshake of TLS 1.0 to 1.2, without a certificate of the client: RFC 5246 section 7.3, RFC 5077, RFC 7627. */
import { refuse } from '../../wire/protocol-error.ts'
import type { Failure } from '../connection/failure.ts'
import { makeClientKey } from '../key-schedule/client-key.ts'
import { olderCipherOf } from '../key-schedule/older-ciphers.ts'
import { handshakeHash, type PrfName, pseudoRandom } from '../key-schedule/older-prf.ts'
import {
  type OlderConnection,
  type Protection,
  protectOlder,
} from '../key-schedule/older-protection.ts'
import type { TlsAlert } from '../messages/alert.ts'
import type { CertificateRequest } from '../messages/certificate-request.ts'
import { type ClientHello, encodeClientHello } from '../messages/client-hello.ts'
import { findExtension } from '../messages/extensions.ts'
import { CONTENT_TYPES, EXTENSION, HANDSHAKE, VERSION } from '../messages/iana-numbers.ts'
import {
  decodeOlderSessionTicket,
  type OlderSessionTicket,
} from '../messages/new-session-ticket.ts'
import { negotiatedVersion, type ServerHello } from '../messages/server-hello.ts'
import { helloOf, type Offer } from './offer.ts'
import { readOlder, serverHelloIn } from './server-flight.ts'
import type { Incoming, TlsChannel } from './tls-channel.ts'

/** What a later handshake resumes. */
export type OlderSession = {
  readonly version: number
  readonly suite: number
  readonly master: Buffer
  /** Empty where the server keeps none. */
  readonly sessionId: Buffer
  readonly ticket: OlderSessionTicket | undefined
}

export type OlderHandshake = {
  readonly session: OlderSession
  readonly hello: ServerHello
  readonly isResumed: boolean
  /** Undefined where the server asked for no certificate. */
  readonly request: CertificateRequest | undefined
  /** What the client's Finished held: a renegotiation names it (RFC 5746 section 3.5). */
  readonly clientVerify: Buffer
}

export type OlderReply =
  | { readonly kind: 'alert'; readonly alert: TlsAlert }
  /** Another version or suite than can be computed with. */
  | { readonly kind: 'not-computable' }
  /** The server's flight did not come as a whole. */
  | { readonly kind: 'cut'; readonly failure: Failure }
  | { readonly kind: 'handshake'; readonly handshake: OlderHandshake }

/** Told what was asked for before the client answers: the server may end the connection over the answer. */
export type OnRequest = (request: CertificateRequest | undefined) => void

/** An empty list: RFC 5246 section 7.4.6. */
const NO_CERTIFICATE = Buffer.alloc(3)

/** More records of data than come between a request to renegotiate and its answer. */
const MOST_DATA = 16

/**
 * @param channel New, or one on which an earlier handshake was finished.
 * @param resumed What the offer wants to resume, by its session ID or ticket.
 * @throws ProtocolError, ExchangeEnded
 */
export async function olderHandshake(
  channel: TlsChannel,
  offer: Offer,
  resumed?: OlderSession,
  onRequest: OnRequest = () => {},
): Promise<OlderReply> {
  const client = helloOf(offer, channel.exchange)
  channel.forgetTranscript()
  await channel.sendHandshake({ type: HANDSHAKE.client_hello, body: encodeClientHello(client) })
  const incoming = await nextBeforeHello(channel)
  if (incoming.kind === 'alert') return { kind: 'alert', alert: incoming.alert }
  const server = serverHelloIn(incoming)
  const version = negotiatedVersion(server)
  const cipher = olderCipherOf(server.suite, version)
  const isKnown = version > VERSION.SSL3 && version < VERSION.TLS13
  if (!cipher || !isKnown || server.compression !== 0) return { kind: 'not-computable' }
  channel.useVersion(version)
  const common = {
    ...{ version, cipher, clientRandom: client.random, serverRandom: server.random },
    encryptsFirst: findExtension(server.extensions, EXTENSION.encrypt_then_mac) !== undefined,
    random: (length: number) => channel.exchange.random(length),
  }
  const run: Run = { channel, client, server, common, onRequest }
  const isEchoed = client.sessionId.length > 0 && server.sessionId.equals(client.sessionId)
  const isResumed = resumed !== undefined && isEchoed && resumed.suite === server.suite
  return isResumed ? finishShort(run, resumed.master) : finishFull(run)
}

type Run = {
  readonly channel: TlsChannel
  readonly client: ClientHello
  readonly server: ServerHello
  readonly common: Omit<OlderConnection, 'master'>
  readonly onRequest: OnRequest
}

/** What a server says before it has read the hello of a renegotiation does not answer it. */
async function nextBeforeHello(channel: TlsChannel): Promise<Incoming> {
  for (let count = 0; count < MOST_DATA; count++) {
    const incoming = await channel.next()
    const isRequest =
      incoming.kind === 'handshake' && incoming.message.type === HANDSHAKE.hello_request
    if (incoming.kind !== 'data' && !isRequest) return incoming
  }
  return refuse('data without end in place of a ServerHello')
}

/** The server finishes first: RFC 5246 section 7.3, figure 2. */
async function finishShort(run: Run, master: Buffer): Promise<OlderReply> {
  const { channel, common } = run
  const protection = protectOlder({ ...common, master })
  channel.protectReadingAfterChange(protection.server)
  const end = await readFinished(run, master)
  if ('alert' in end) return { kind: 'alert', alert: end.alert }
  const clientVerify = await sendFinished(run, master, protection.client)
  return handshakeOf(run, { master, clientVerify, ticket: end.ticket, isResumed: true })
}

async function finishFull(run: Run): Promise<OlderReply> {
  const { channel, client, server, common } = run
  const { version, cipher } = common
  const flight = await readOlder(channel, server, version)
  if (flight.cut) return { kind: 'cut', failure: flight.cut }
  const { request } = flight
  run.onRequest(request)
  const key = makeClientKey({ suite: server.suite, ...flight }, client.version, common.random)
  if (!key) return { kind: 'not-computable' }
  if (request) await channel.sendHandshake({ type: HANDSHAKE.certificate, body: NO_CERTIFICATE })
  await channel.sendHandshake({ type: HANDSHAKE.client_key_exchange, body: key.body })
  const master = masterOf(run, cipher.prf, key.premaster)
  const protection = protectOlder({ ...common, master })
  channel.protectReadingAfterChange(protection.server)
  const clientVerify = await sendFinished(run, master, protection.client)
  const end = await readFinished(run, master)
  if ('alert' in end) return { kind: 'alert', alert: end.alert }
  return handshakeOf(run, { master, clientVerify, ticket: end.ticket, isResumed: false, request })
}

function masterOf({ channel, server, common }: Run, prf: PrfName, premaster: Buffer): Buffer {
  const isExtended = findExtension(server.extensions, EXTENSION.extended_master_secret)
  const [label, seed] = isExtended
    ? ['extended master secret', handshakeHash(prf, channel.transcript)]
    : ['master secret', Buffer.concat([common.clientRandom, common.serverRandom])]
  return pseudoRandom(prf, premaster, label, seed, 48)
}

function verifyData({ channel, common }: Run, master: Buffer, who: 'client' | 'server'): Buffer {
  const { prf } = common.cipher
  const hash = handshakeHash(prf, channel.transcript)
  return pseudoRandom(prf, master, `${who} finished`, hash, 12)
}

/** Gives what it held. */
async function sendFinished(run: Run, master: Buffer, protection: Protection): Promise<Buffer> {
  const { channel } = run
  await channel.send(CONTENT_TYPES.change_cipher_spec, Buffer.of(1))
  channel.protectWriting(protection)
  const body = verifyData(run, master, 'client')
  await channel.sendHandshake({ type: HANDSHAKE.finished, body })
  return body
}

type ServerEnd = { readonly alert: TlsAlert } | { readonly ticket: OlderSessionTicket | undefined }

async function readFinished(run: Run, master: Buffer): Promise<ServerEnd> {
  let ticket: OlderSessionTicket | undefined
  for (;;) {
    const expected = verifyData(run, master, 'server')
    const incoming = await run.channel.next()
    if (incoming.kind === 'alert') return { alert: incoming.alert }
    if (incoming.kind === 'data') return refuse('data before the end of the handshake')
    const { type, body } = incoming.message
    if (type === HANDSHAKE.finished) {
      return body.equals(expected) ? { ticket } : refuse('a Finished of another handshake')
    }
    if (type !== HANDSHAKE.new_session_ticket || ticket) refuse(`handshake message ${type} there`)
    ticket = decodeOlderSessionTicket(body)
  }
}

function handshakeOf(
  { server, common }: Run,
  {
    master,
    ticket,
    ...rest
  }: Pick<OlderHandshake, 'clientVerify' | 'isResumed'> & {
    readonly master: Buffer
    readonly ticket: OlderSessionTicket | undefined
    readonly request?: CertificateRequest | undefined
  },
): OlderReply {
  const { version } = common
  const { suite, sessionId } = server
  const session = { version, suite, master, sessionId, ticket }
  return { kind: 'handshake', handshake: { session, hello: server, request: undefined, ...rest } }
}
