/** Whether a server goes on with a client that has no certificate, by what it does behind the handshake. */
import { ExchangeEnded } from '../connection/failure.ts'
import { encodeAlert, type TlsAlert } from '../messages/alert.ts'
import type { CertificateRequest } from '../messages/certificate-request.ts'
import type { HandshakeMessage } from '../messages/handshake.ts'
import { ALERT, CONTENT_TYPES } from '../messages/iana-numbers.ts'
import type { TlsChannel } from './tls-channel.ts'

/** What became of a client without a certificate. */
export type Admission =
  /** The server went on with the client. */
  | 'admitted'
  /** The server objected, by an alert. */
  | 'turned-away'
  /** The server ended the connection as the first to do so, and did not say why. */
  | 'ended'
  /** The server kept the connection open, and did nothing that tells. */
  | 'not-seen'

/** As many messages as any server sends behind a handshake; what follows is not waited for. */
const MOST_MESSAGES = 8

/** How long a server that got no request may take to turn the client away, in milliseconds. */
const TIME_TO_REFUSE = 1000

/**
 * The same for one that has read the client's Finished: most check the certificate before or right behind it. A server
 * that is far away or busy was as slow to show that, so that it gets a multiple of it.
 */
const TIME_BEHIND_FINISHED = { least: 150, multiple: 10 } as const

export type AdmissionQuestion = {
  /** What the server asked for; undefined where it asked for no certificate. */
  readonly request: CertificateRequest | undefined
  /**
   * What a client of the server's protocol says first, and the server answers; undefined where there is no such
   * thing.
   */
  readonly firstRequest: Buffer | undefined
  /** When the client sent what the server answers, by performance.now(). */
  readonly begin: number
  /** Whether the server has shown that it has read the client's Finished. */
  readonly hasReadFinished: (messages: readonly HandshakeMessage[]) => boolean
}

export type Admitted = {
  readonly admission: Admission
  /** What the server sent behind the handshake. */
  readonly messages: readonly HandshakeMessage[]
}

/** Some servers check certificates behind the handshake, so that a client that leaves at once sees nothing of it. */
export async function awaitAdmission(
  channel: TlsChannel,
  question: AdmissionQuestion,
): Promise<Admitted> {
  const { request, firstRequest, hasReadFinished } = question
  if (!request) await sayFarewell(channel)
  else if (firstRequest) await channel.send(CONTENT_TYPES.application_data, firstRequest)
  else channel.exchange.limitSilence(TIME_TO_REFUSE)
  const { end, messages } = await readEnd(channel, question)
  if (!request) return { admission: admissionUnasked(end), messages }
  const isHeldOpen = end === 'silent' && !firstRequest && hasReadFinished(messages)
  if (end === 'data' || isHeldOpen) return { admission: 'admitted', messages }
  if (end === 'objected') return { admission: 'turned-away', messages }
  const isEnded = end === 'closed' || end === 'failed'
  return { admission: isEnded ? 'ended' : 'not-seen', messages }
}

/** Whether the server takes nothing more from the client. */
export function isOver(admission: Admission | undefined): boolean {
  return admission === 'turned-away' || admission === 'ended'
}

/** An end in order: servers forget the sessions of connections that break. */
export async function sayFarewell(channel: TlsChannel): Promise<void> {
  await channel.send(
    CONTENT_TYPES.alert,
    encodeAlert({ level: 1, description: ALERT.close_notify }),
  )
}

/** What the server did last. */
type End = 'data' | 'objected' | 'failed' | 'closed' | 'silent' | 'too-many-messages'

/** The client has said farewell: that the connection ends says nothing. */
function admissionUnasked(end: End): Admission {
  return end === 'objected' || end === 'failed' ? 'turned-away' : 'admitted'
}

type Ending = { readonly end: End; readonly messages: readonly HandshakeMessage[] }

async function readEnd(channel: TlsChannel, question: AdmissionQuestion): Promise<Ending> {
  const messages: HandshakeMessage[] = []
  try {
    while (messages.length < MOST_MESSAGES) {
      limitWait(channel, question, messages)
      const incoming = await channel.next()
      if (incoming.kind === 'alert') return { end: endBy(incoming.alert), messages }
      if (incoming.kind === 'data') return { end: 'data', messages }
      messages.push(incoming.message)
    }
  } catch (error) {
    if (!(error instanceof ExchangeEnded) || error.end === 'too-much') throw error
    return { end: error.end === 'timed-out' ? 'silent' : 'closed', messages }
  }
  return { end: 'too-many-messages', messages }
}

/** Only where silence tells something. */
function limitWait(
  { exchange }: TlsChannel,
  { request, firstRequest, begin, hasReadFinished }: AdmissionQuestion,
  messages: readonly HandshakeMessage[],
): void {
  if (!request || firstRequest || !hasReadFinished(messages)) return
  const { least, multiple } = TIME_BEHIND_FINISHED
  exchange.limitSilence(least + multiple * (performance.now() - begin))
}

function endBy(alert: TlsAlert): End {
  if (isObjection(alert)) return 'objected'
  return alert.description === ALERT.close_notify ? 'closed' : 'failed'
}

/** An end in order is none, and a server whose own code failed has said nothing of the client. */
export function isObjection({ description }: TlsAlert): boolean {
  return description !== ALERT.close_notify && description !== ALERT.internal_error
}
