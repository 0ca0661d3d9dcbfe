/** Resumption before TLS 1.3 (RFC 5246 section 7.3, RFC 5077), and renegotiation that a client begins (RFC 5746). */
import { type Asked, failureOf } from '../connection/failure.ts'
import { sayFarewell } from '../conversation/admission.ts'
import type { Offer } from '../conversation/offer.ts'
import {
  type OlderHandshake,
  type OlderSession,
  olderHandshake,
} from '../conversation/older-handshake.ts'
import type { TlsChannel } from '../conversation/tls-channel.ts'
import { findExtension, renegotiationInfo } from '../messages/extensions.ts'
import { EXTENSION } from '../messages/iana-numbers.ts'
import { type Answer, answerOf, type TlsFeatures } from '../model.ts'
import { ABSENT, ACCEPTED } from './answers.ts'
import { channelFor, endOfOlder, finishOlder, hasTicket } from './finish-older.ts'
import type { ProbedServer } from './probe.ts'

/** How long a server may take to answer a renegotiation: some take it for nothing at all. In milliseconds. */
const TIME_TO_RENEGOTIATE = 2000

/** The last connection that is needed anyhow shows renegotiation too. */
export async function probeOlderResumption(
  server: ProbedServer,
  offer: Offer,
  session: OlderSession,
  others: Promise<unknown>,
): Promise<TlsFeatures> {
  const withoutTicket = { ...offer, without: [...(offer.without ?? []), EXTENSION.session_ticket] }
  const isByTicket = hasTicket(session)
  if (!isByTicket) await others
  const bySessionId = await resumeBySessionId(server, withoutTicket, session, !isByTicket)
  await others
  const byTicket = isByTicket ? await resumeByTicket(server, offer, session) : undefined
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
  const session = hasTicket(first) ? await sessionOf(server, offer) : first
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
  const outcome = await finishOlder(server, 'finish before TLS1.3 without ticket', offer, false)
  if ('end' in outcome) return outcome
  return outcome.handshake?.session
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
    if (reply.kind !== 'handshake') return { resumed: endOfOlder(reply), renegotiation: undefined }
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
    return reply.kind === 'handshake'
      ? renegotiate(channel, offer, reply.handshake)
      : endOfOlder(reply)
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
    return reply.kind === 'handshake' ? ACCEPTED : endOfOlder(reply)
  } catch (error) {
    const failure = failureOf(error)
    return failure.failure === 'timed-out' ? LEFT_UNANSWERED : answerOf(failure)
  }
}

/** A longer time for all questions would not change it. */
const LEFT_UNANSWERED: Answer = {
  answer: 'unknown',
  because: 'it left a request without an answer',
}
