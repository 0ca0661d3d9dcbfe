/**
 * What only whole handshakes before TLS 1.3 show: whether a certificate is required, tickets and their lifetime,
 * resumption (RFC 5246 section 7.3, RFC 5077), and renegotiation that a client begins (RFC 5746).
 */
import type { Exchange } from '../connection/exchange.ts'
import { type Asked, ExchangeEnded, failureOf } from '../connection/failure.ts'
import { type Admission, awaitAdmission, sayFarewell } from '../conversation/admission.ts'
import type { Offer } from '../conversation/offer.ts'
import {
  type OlderHandshake,
  type OlderReply,
  type OlderSession,
  olderHandshake,
} from '../conversation/older-handshake.ts'
import { recordVersionFor, TlsChannel } from '../conversation/tls-channel.ts'
import { cheapestFirst } from '../key-schedule/key-pair.ts'
import { isComputableSuite } from '../key-schedule/older-ciphers.ts'
import type { CertificateRequest } from '../messages/certificate-request.ts'
import { findExtension, renegotiationInfo } from '../messages/extensions.ts'
import { EXTENSION, VERSION } from '../messages/iana-numbers.ts'
import { keyExchangeOf } from '../messages/iana-suites.ts'
import { type Answer, answerOf, type TlsFeatures } from '../model.ts'
import { ABSENT, ACCEPTED, NOT_SEEN, refusedBy } from './answers.ts'
import type { ProbedServer } from './probe.ts'
import { isDhe } from './suites.ts'
import type { AcceptedVersion } from './unknown-values.ts'

export type OlderFacts = {
  /** What became of a client without a certificate; undefined where no whole handshake was asked for. */
  readonly admission: Answer | undefined
  readonly ticketLifetimeHint: number | null
  readonly features: TlsFeatures
}

const NOTHING_ASKED: OlderFacts = { admission: undefined, ticketLifetimeHint: null, features: {} }

/** How long a server may take to answer a renegotiation: some take it for nothing at all. In milliseconds. */
const TIME_TO_RENEGOTIATE = 2000

/**
 * Renegotiation is the last question: a server with one thread that does not take it may look after no other client
 * for a second.
 *
 * @param accepted Newest first.
 * @param others All other questions.
 */
export async function probeOlderHandshakes(
  server: ProbedServer,
  accepted: readonly AcceptedVersion[],
  others: Promise<unknown>,
): Promise<OlderFacts> {
  const newest = accepted.find(({ number }) => number < VERSION.TLS13 && number > VERSION.SSL3)
  if (!newest) return NOTHING_ASKED
  const offer = offerOf(server, newest)
  if (offer.suites.length === 0) return unlearnt(NOT_COMPUTABLE)
  const first = await shakeHands(server, 'finish before TLS1.3', offer, true)
  if ('end' in first) return unlearnt(first.end)
  const { admission, handshake } = first
  if (!handshake) return { ...unlearnt(NOT_SEEN), admission: admittance(admission) }
  const { session } = handshake
  return {
    admission: admittance(admission),
    ticketLifetimeHint: isTicket(session) ? (session.ticket?.lifetimeHint ?? null) : null,
    features: await askFurther(server, offer, session, others),
  }
}

/** Cheap exchanges first, for servers that take the first that they know. */
function offerOf(server: ProbedServer, { number, suites, groups }: AcceptedVersion): Offer {
  const usable = suites.filter((suite) => isComputableSuite(suite, number))
  const cost = (suite: number) => (isDhe(suite) ? 2 : keyExchangeOf(suite) === 'RSA' ? 1 : 0)
  return {
    version: number,
    suites: usable.toSorted((a, b) => cost(a) - cost(b)),
    groups: cheapestFirst(groups),
    compressions: [0],
    without: [EXTENSION.heartbeat],
    ...server.naming,
  }
}

function unlearnt(answer: Answer): OlderFacts {
  const features = {
    ticketResumption: answer,
    sessionIdResumption: answer,
    clientRenegotiation: answer,
  }
  return { admission: answer, ticketLifetimeHint: null, features }
}

const NOT_COMPUTABLE: Answer = {
  answer: 'unknown',
  because: 'Node.js can compute with none of the suites before TLS 1.3',
}

const MAY_REFUSE_LATER: Answer = {
  answer: 'unknown',
  because: 'it asks for one, and may insist after the handshake',
}

/** As an answer to whether a certificate is required. */
function admittance(admission: Admission): Answer {
  if (admission === 'not-seen') return MAY_REFUSE_LATER
  return admission === 'turned-away' ? ACCEPTED : ABSENT
}

type Met =
  | { readonly end: Answer }
  | { readonly admission: Admission; readonly handshake: OlderHandshake | undefined }

/**
 * One connection, up to what the server does behind the handshake.
 *
 * @param isAdmissionAsked Whether to wait for that.
 */
async function shakeHands(
  server: ProbedServer,
  claim: string,
  offer: Offer,
  isAdmissionAsked: boolean,
): Promise<Met> {
  const asked = await server.connections.ask(claim, (exchange) =>
    meet(server, exchange, offer, isAdmissionAsked),
  )
  return asked.isAnswered ? asked.value : { end: answerOf(asked.failure) }
}

async function meet(
  server: ProbedServer,
  exchange: Exchange,
  offer: Offer,
  isAdmissionAsked: boolean,
): Promise<Met> {
  const channel = channelFor(exchange, offer)
  let begin = performance.now()
  let request: CertificateRequest | undefined
  const onRequest = (asked: CertificateRequest | undefined) => {
    request = asked
    // From here on it is one way there and back, and not how long the server was busy with others.
    begin = performance.now()
  }
  try {
    const reply = await olderHandshake(channel, offer, undefined, onRequest)
    if (reply.kind === 'handshake') {
      const shown = isAdmissionAsked ? reply.handshake.request : undefined
      return await admit(server, channel, { ...reply.handshake, request: shown }, begin)
    }
    if (request) return TURNED_AWAY
    return { end: endOf(reply) }
  } catch (error) {
    const isTurnedAway = request && error instanceof ExchangeEnded && ENDS.has(error.end)
    if (!isTurnedAway) throw error
    return TURNED_AWAY
  }
}

const TURNED_AWAY: Met = { admission: 'turned-away', handshake: undefined }

const ENDS: ReadonlySet<string> = new Set(['closed', 'reset'])

async function admit(
  { firstRequest }: ProbedServer,
  channel: TlsChannel,
  handshake: OlderHandshake,
  begin: number,
): Promise<Met> {
  const { request } = handshake
  if (!request) {
    await sayFarewell(channel)
    return { admission: 'admitted', handshake }
  }
  // The server's Finished comes behind the client's.
  const question = { request, firstRequest, begin, hasReadFinished: () => true }
  const { admission } = await awaitAdmission(channel, question)
  if (admission !== 'turned-away') await sayFarewell(channel)
  return { admission, handshake: admission === 'turned-away' ? undefined : handshake }
}

function endOf(reply: OlderReply): Answer {
  if (reply.kind === 'cut') return answerOf(reply.failure)
  return reply.kind === 'alert' ? refusedBy(reply.alert) : NOT_COMPUTABLE
}

function channelFor(exchange: Exchange, { version }: Offer): TlsChannel {
  return new TlsChannel(exchange, recordVersionFor(version))
}

function isTicket({ ticket }: OlderSession): boolean {
  return ticket !== undefined && ticket.ticket.length > 0
}

/** The last connection that is needed anyhow shows renegotiation too. */
async function askFurther(
  server: ProbedServer,
  offer: Offer,
  session: OlderSession,
  others: Promise<unknown>,
): Promise<TlsFeatures> {
  const withoutTicket = { ...offer, without: [...(offer.without ?? []), EXTENSION.session_ticket] }
  const hasTicket = isTicket(session)
  if (!hasTicket) await others
  const bySessionId = await resumeBySessionId(server, withoutTicket, session, !hasTicket)
  await others
  const byTicket = hasTicket ? await resumeByTicket(server, offer, session) : undefined
  const { renegotiation = await renegotiateAlone(server, offer) } = byTicket ?? bySessionId ?? {}
  return {
    ticketResumption: byTicket?.resumed ?? ABSENT,
    sessionIdResumption: bySessionId?.resumed ?? ABSENT,
    clientRenegotiation: renegotiation,
  }
}

type Resumed = {
  readonly resumed: Answer
  /** Undefined where the connection did not come so far. */
  readonly renegotiation: Answer | undefined
}

/** A client of a ticket makes up a session ID, which the server repeats: RFC 5077 section 3.4. */
async function resumeByTicket(
  server: ProbedServer,
  offer: Offer,
  session: OlderSession,
): Promise<Resumed> {
  const data = session.ticket?.ticket ?? Buffer.alloc(0)
  const extra = [{ type: EXTENSION.session_ticket, data }]
  return resume(server, 'resumption by ticket', { ...offer, extra }, session, true)
}

/** A server that gave a ticket keeps no session for it: another client, which knows no tickets, asks for one. */
async function resumeBySessionId(
  server: ProbedServer,
  offer: Offer,
  first: OlderSession,
  isLast: boolean,
): Promise<Resumed | undefined> {
  const session = isTicket(first) ? await sessionOf(server, offer) : first
  if (!session) return undefined
  if ('end' in session) return { resumed: session.end, renegotiation: undefined }
  if (session.sessionId.length === 0) return undefined
  const { sessionId } = session
  return resume(server, 'resumption by session ID', { ...offer, sessionId }, session, isLast)
}

async function sessionOf(
  server: ProbedServer,
  offer: Offer,
): Promise<OlderSession | { readonly end: Answer } | undefined> {
  const met = await shakeHands(server, 'finish before TLS1.3 without ticket', offer, false)
  if ('end' in met) return met
  return met.handshake?.session
}

async function resume(
  server: ProbedServer,
  claim: string,
  offer: Offer,
  session: OlderSession,
  isLast: boolean,
): Promise<Resumed> {
  const sessionId = offer.sessionId
  const asked = await server.connections.ask(claim, async (exchange): Promise<Resumed> => {
    const whole = { ...offer, sessionId: sessionId ?? exchange.random(32) }
    const channel = channelFor(exchange, offer)
    const reply = await olderHandshake(channel, whole, session)
    if (reply.kind !== 'handshake') return { resumed: endOf(reply), renegotiation: undefined }
    const resumed = reply.handshake.isResumed ? ACCEPTED : ABSENT
    if (isLast)
      return { resumed, renegotiation: await renegotiate(channel, offer, reply.handshake) }
    await sayFarewell(channel)
    return { resumed, renegotiation: undefined }
  })
  return asked.isAnswered
    ? asked.value
    : { resumed: answerOf(asked.failure), renegotiation: undefined }
}

async function renegotiateAlone(server: ProbedServer, offer: Offer): Promise<Answer> {
  const asked: Asked<Answer> = await server.connections.ask('renegotiation', async (exchange) => {
    const channel = channelFor(exchange, offer)
    const reply = await olderHandshake(channel, offer)
    return reply.kind === 'handshake' ? renegotiate(channel, offer, reply.handshake) : endOf(reply)
  })
  return asked.isAnswered ? asked.value : answerOf(asked.failure)
}

/** Accepted means that a whole second handshake was done. Servers without RFC 5746 do it without its proof. */
async function renegotiate(
  channel: TlsChannel,
  offer: Offer,
  { hello, clientVerify }: OlderHandshake,
): Promise<Answer> {
  const isSecure = findExtension(hello.extensions, EXTENSION.renegotiation_info) !== undefined
  const proof = isSecure ? clientVerify : Buffer.alloc(0)
  channel.exchange.limitSilence(TIME_TO_RENEGOTIATE)
  try {
    const sessionId = Buffer.alloc(0)
    const reply = await olderHandshake(channel, {
      ...offer,
      sessionId,
      extra: [renegotiationInfo(proof)],
    })
    return reply.kind === 'handshake' ? ACCEPTED : endOf(reply)
  } catch (error) {
    return answerOf(failureOf(error))
  }
}
