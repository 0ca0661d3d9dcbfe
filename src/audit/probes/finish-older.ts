/** One handshake before TLS 1.3 is finished without a certificate: that shows what becomes of such a client, and tickets. */
import type { Exchange } from '../connection/exchange.ts'
import { ExchangeEnded, isClosing } from '../connection/failure.ts'
import {
  type Admission,
  awaitAdmission,
  isObjection,
  isOver,
  sayFarewell,
} from '../conversation/admission.ts'
import type { Offer } from '../conversation/offer.ts'
import {
  type OlderHandshake,
  type OlderReply,
  type OlderSession,
  olderHandshake,
} from '../conversation/older-handshake.ts'
import { recordVersionFor, TlsChannel } from '../conversation/tls-channel.ts'
import type { CertificateRequest } from '../messages/certificate-request.ts'
import { type Answer, answerOf } from '../model.ts'
import { refusedBy } from './answers.ts'
import type { ProbedServer } from './probe.ts'

export const NOT_COMPUTABLE: Answer = {
  answer: 'unknown',
  because: 'Node.js can compute with none of the suites before TLS 1.3',
}

/** How far one connection came. */
export type OlderOutcome =
  | { readonly end: Answer }
  | { readonly admission: Admission; readonly handshake: OlderHandshake | undefined }

/**
 * One connection, up to what the server does behind the handshake.
 *
 * @param isAdmissionAsked Whether to wait for that.
 */
export async function finishOlder(
  server: ProbedServer,
  claim: string,
  offer: Offer,
  isAdmissionAsked: boolean,
): Promise<OlderOutcome> {
  const asked = await server.connections.ask(claim, (exchange) =>
    finish(server, exchange, offer, isAdmissionAsked),
  )
  return asked.isAnswered ? asked.value : { end: answerOf(asked.failure) }
}

async function finish(
  server: ProbedServer,
  exchange: Exchange,
  offer: Offer,
  isAdmissionAsked: boolean,
): Promise<OlderOutcome> {
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
    if (request && reply.kind === 'alert') return isObjection(reply.alert) ? TURNED_AWAY : ENDED
    return { end: endOfOlder(reply) }
  } catch (error) {
    const isEnded = request && error instanceof ExchangeEnded && isClosing(error.end)
    if (!isEnded) throw error
    return ENDED
  }
}

const TURNED_AWAY: OlderOutcome = { admission: 'turned-away', handshake: undefined }

const ENDED: OlderOutcome = { admission: 'ended', handshake: undefined }

async function admit(
  { ways }: ProbedServer,
  channel: TlsChannel,
  handshake: OlderHandshake,
  begin: number,
): Promise<OlderOutcome> {
  const { request } = handshake
  if (!request) {
    await sayFarewell(channel)
    return { admission: 'admitted', handshake }
  }
  // The server's Finished comes behind the client's.
  const question = { request, firstRequest: ways.firstRequest, begin, hasReadFinished: () => true }
  const { admission } = await awaitAdmission(channel, question)
  if (isOver(admission)) return { admission, handshake: undefined }
  await sayFarewell(channel)
  return { admission, handshake }
}

export function endOfOlder(reply: OlderReply): Answer {
  if (reply.kind === 'cut') return answerOf(reply.failure)
  return reply.kind === 'alert' ? refusedBy(reply.alert) : NOT_COMPUTABLE
}

export function channelFor(exchange: Exchange, { version }: Offer): TlsChannel {
  return new TlsChannel(exchange, recordVersionFor(version))
}

export function hasTicket({ ticket }: OlderSession): boolean {
  return ticket !== undefined && ticket.ticket.length > 0
}
