/** The client's end of a handshake of TLS 1.3, without a certificate, and what the server says to it. */
import { ByteWriter } from '../../wire/byte-writer.ts'
import { expandLabel, finishedData, hashOf } from '../key-schedule/tls13-keys.ts'
import { Tls13Protection } from '../key-schedule/tls13-protection.ts'
import { HANDSHAKE } from '../messages/iana-numbers.ts'
import { decodeSessionTicket, type SessionTicket } from '../messages/new-session-ticket.ts'
import { type Admission, awaitAdmission } from './admission.ts'
import type { Handshake13 } from './handshake13.ts'

export type Finished13 = {
  readonly admission: Admission
  readonly tickets: readonly SessionTicket[]
  /** What tickets stand for: the shared key of a later handshake comes of it. */
  readonly resumption: Buffer
}

/**
 * @param firstRequest What a client of the server's protocol says first, and the server answers; undefined where
 *   there is no such thing.
 * @throws ProtocolError
 */
export async function finishHandshake13(
  { session, request }: Handshake13,
  firstRequest: Buffer | undefined,
): Promise<Finished13> {
  const resumption = await sendFinished13({ session, request })
  const begin = performance.now()
  const { admission, messages } = await awaitAdmission(session.channel, {
    ...{ request, firstRequest, begin },
    // Tickets are made behind the client's Finished. A server without them may only be slow.
    hasReadFinished: (shown) => shown.some(({ type }) => type === HANDSHAKE.new_session_ticket),
  })
  const tickets = messages
    .filter(({ type }) => type === HANDSHAKE.new_session_ticket)
    .map(({ body }) => decodeSessionTicket(body))
  return { admission, tickets, resumption }
}

/** From here on the client may send data. Gives the secret of resumption. */
export async function sendFinished13({
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
