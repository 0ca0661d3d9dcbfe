/** The client's end of a handshake of TLS 1.3, without a certificate, and what the server says to it. */
import { ByteWriter } from '../../wire/byte-writer.ts'
import { ExchangeEnded } from '../connection/failure.ts'
import { expandLabel, finishedData, hashOf } from '../key-schedule/tls13-keys.ts'
import { Tls13Protection } from '../key-schedule/tls13-protection.ts'
import { encodeAlert, type TlsAlert } from '../messages/alert.ts'
import { ALERT, CONTENT, HANDSHAKE } from '../messages/iana-numbers.ts'
import { decodeSessionTicket, type SessionTicket } from '../messages/new-session-ticket.ts'
import type { Handshake13 } from './handshake13.ts'
import type { TlsChannel } from './tls-channel.ts'

/** What became of a client without a certificate. */
type Admission =
  /** The server went on with the client. */
  | 'admitted'
  /** The server objected, or ended the connection as the first to do so. */
  | 'turned-away'
  /** The server kept the connection open, and did nothing that tells. */
  | 'not-seen'

export type Finished13 = {
  readonly admission: Admission
  readonly tickets: readonly SessionTicket[]
  /** What tickets stand for: the shared key of a later handshake comes of it. */
  readonly resumption: Buffer
}

/** As many as any server sends; what follows is not waited for. */
const MOST_TICKETS = 8

/** How long a server that got no request may take to turn the client away, in milliseconds. */
const TIME_TO_REFUSE = 1000

/**
 * The same for one that has sent a ticket: most check the certificate before or right behind it. A server that is
 * far away or busy was as slow with its ticket, so that it gets a multiple of that.
 */
const TIME_BEHIND_TICKET = { least: 150, multiple: 10 } as const

/**
 * @param firstRequest What a client of the server's protocol says first, and the server answers; undefined where
 *   there is no such thing.
 * @throws ProtocolError
 */
export async function finishHandshake13(
  { session, request }: Handshake13,
  firstRequest: Buffer | undefined,
): Promise<Finished13> {
  const resumption = await sendFinished({ session, request })
  const { channel } = session
  // Some servers check certificates behind the handshake, so that a client that leaves at once sees nothing of it.
  if (!request) {
    await channel.send(CONTENT.alert, encodeAlert({ level: 1, description: ALERT.close_notify }))
  } else if (firstRequest) await channel.send(CONTENT.application_data, firstRequest)
  else channel.exchange.limitSilence(TIME_TO_REFUSE)
  const isWaitedFor = request !== undefined && firstRequest === undefined
  const { end, tickets } = await readEnd(channel, isWaitedFor)
  const admission = request ? admissionBy(end, tickets, firstRequest) : admissionUnasked(end)
  return { admission, tickets, resumption }
}

/** Gives the secret of resumption. */
async function sendFinished({
  session,
  request,
}: Pick<Handshake13, 'session' | 'request'>): Promise<Buffer> {
  const { channel, hash, suite, master, handshakeTraffic, applicationTraffic } = session
  channel.protectReading(new Tls13Protection(suite, applicationTraffic.server))
  channel.protectWriting(new Tls13Protection(suite, handshakeTraffic.client))
  if (request) {
    const body = new ByteWriter()
      .vector(1, (part) => part.bytes(request.context))
      .uint24(0)
      .finish()
    await channel.sendHandshake({ type: HANDSHAKE.certificate, body })
  }
  const body = finishedData(hash, handshakeTraffic.client, channel.transcript)
  await channel.sendHandshake({ type: HANDSHAKE.finished, body })
  const transcript = hashOf(hash, channel.transcript)
  const resumption = expandLabel(hash, master, 'res master', transcript, master.length)
  channel.protectWriting(new Tls13Protection(suite, applicationTraffic.client))
  return resumption
}

/** What the server did last. */
type End = 'data' | 'objected' | 'closed' | 'silent' | 'too-many-tickets'

/**
 * A ticket shows that the server has read the client's Finished. A server that has, and still keeps the connection
 * open, does not mind that there is no certificate. One that showed nothing may only be slow.
 */
function admissionBy(
  end: End,
  tickets: readonly SessionTicket[],
  firstRequest: Buffer | undefined,
): Admission {
  if (end === 'data') return 'admitted'
  if (end === 'objected' || end === 'closed') return 'turned-away'
  const isHeldOpen = end === 'silent' && tickets.length > 0 && !firstRequest
  return isHeldOpen ? 'admitted' : 'not-seen'
}

/** The client has said farewell: that the connection ends says nothing. */
function admissionUnasked(end: End): Admission {
  return end === 'objected' ? 'turned-away' : 'admitted'
}

type Ending = { readonly end: End; readonly tickets: readonly SessionTicket[] }

/** @param isWaitedFor Whether silence tells something. */
async function readEnd(channel: TlsChannel, isWaitedFor: boolean): Promise<Ending> {
  const tickets: SessionTicket[] = []
  const begin = performance.now()
  try {
    while (tickets.length < MOST_TICKETS) {
      const incoming = await channel.next()
      if (incoming.kind === 'alert') return { end: endBy(incoming.alert), tickets }
      if (incoming.kind === 'data') return { end: 'data', tickets }
      const { type, body } = incoming.message
      if (type !== HANDSHAKE.new_session_ticket) continue
      tickets.push(decodeSessionTicket(body))
      if (isWaitedFor) channel.exchange.limitSilence(silenceBehindTicket(performance.now() - begin))
    }
  } catch (error) {
    if (!(error instanceof ExchangeEnded) || error.end === 'too-much') throw error
    return { end: error.end === 'timed-out' ? 'silent' : 'closed', tickets }
  }
  return { end: 'too-many-tickets', tickets }
}

/** @param taken How long the ticket took, in milliseconds. */
function silenceBehindTicket(taken: number): number {
  return Math.min(TIME_TO_REFUSE, TIME_BEHIND_TICKET.least + TIME_BEHIND_TICKET.multiple * taken)
}

function endBy({ description }: TlsAlert): End {
  return description === ALERT.close_notify ? 'closed' : 'objected'
}
