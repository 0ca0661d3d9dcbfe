/** The client's end of a handshake of TLS 1.3, without a certificate, and what the server says to it. */
import { ByteWriter } from '../../wire/byte-writer.ts'
import { ExchangeEnded } from '../connection/failure.ts'
import { expandLabel, finishedData, hashOf } from '../key-schedule/tls13-keys.ts'
import { Tls13Protection } from '../key-schedule/tls13-protection.ts'
import { encodeAlert, type TlsAlert } from '../messages/alert.ts'
import { ALERT, CONTENT, HANDSHAKE } from '../messages/iana-numbers.ts'
import { decodeSessionTicket, type SessionTicket } from '../messages/new-session-ticket.ts'
import type { Handshake13 } from './handshake13.ts'

export type Finished13 = {
  /** Undefined where the server did not object. */
  readonly objection: TlsAlert | undefined
  /** Whether the connection ended without a word although it was not to end. */
  readonly isBroken: boolean
  readonly tickets: readonly SessionTicket[]
  /** What tickets stand for: the shared key of a later handshake comes of it. */
  readonly resumption: Buffer
}

/** As many as any server sends; what follows is not waited for. */
const MOST_TICKETS = 8

/** @throws ProtocolError, ExchangeEnded where the server falls silent. */
export async function finishHandshake13({ session, request }: Handshake13): Promise<Finished13> {
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
  // The server sends what it has to send, and then answers the farewell or closes the connection.
  await channel.send(CONTENT.alert, encodeAlert({ level: 1, description: ALERT.close_notify }))
  return { ...(await readEnd(session)), resumption }
}

async function readEnd({
  channel,
}: Handshake13['session']): Promise<Omit<Finished13, 'resumption'>> {
  const tickets: SessionTicket[] = []
  try {
    while (tickets.length < MOST_TICKETS) {
      const incoming = await channel.next()
      if (incoming.kind === 'alert') {
        const isFarewell = incoming.alert.description === ALERT.close_notify
        return { objection: isFarewell ? undefined : incoming.alert, isBroken: false, tickets }
      }
      const isTicket =
        incoming.kind === 'handshake' && incoming.message.type === HANDSHAKE.new_session_ticket
      if (isTicket) tickets.push(decodeSessionTicket(incoming.message.body))
    }
  } catch (error) {
    if (!(error instanceof ExchangeEnded) || error.end === 'too-much') throw error
    return {
      objection: undefined,
      isBroken: tickets.length === 0 && error.end === 'reset',
      tickets,
    }
  }
  return { objection: undefined, isBroken: false, tickets }
}
