/** Whether tickets of TLS 1.3 are taken, and whether without a new agreement on a secret (psk_ke). */
import { refuse } from '../../wire/protocol-error.ts'
import type { Exchange } from '../connection/exchange.ts'
import { helloOf } from '../conversation/offer.ts'
import { serverHelloIn } from '../conversation/server-flight.ts'
import { recordVersionFor, TlsChannel } from '../conversation/tls-channel.ts'
import { makeKeyPair } from '../key-schedule/key-pair.ts'
import { bindSharedKey, preSharedKey, ticketKey } from '../key-schedule/psk-binder.ts'
import { encodeClientHello } from '../messages/client-hello.ts'
import { pskKeyExchangeModes } from '../messages/extensions.ts'
import { encodeHandshake } from '../messages/handshake.ts'
import { HANDSHAKE, VERSION } from '../messages/iana-numbers.ts'
import type { SessionTicket } from '../messages/new-session-ticket.ts'
import { selectedIdentity, serverKeyShare } from '../messages/server-hello.ts'
import { type Answer, answerOf } from '../model.ts'
import { ABSENT, ACCEPTED, refusedBy } from './answers.ts'
import type { ProbedServer } from './probe.ts'

const PSK_KE = 0
const PSK_DHE_KE = 1

/** All extensions of a ClientHello have 65535 bytes together, which a ticket alone may have too. */
const LARGEST_TICKET = 32_768

export type Resumption = { readonly pskDheKe: Answer; readonly pskKe: Answer }

/** Undefined where the server gave no ticket. */
export async function probeResumption(server: ProbedServer): Promise<Resumption | undefined> {
  const [first, second = first] = server.finished?.tickets ?? []
  if (!first || !second) return undefined
  const [pskDheKe, pskKe] = await Promise.all([
    resume(server, 'psk_dhe_ke', PSK_DHE_KE, first),
    resume(server, 'psk_ke', PSK_KE, second),
  ])
  return { pskDheKe, pskKe }
}

async function resume(
  server: ProbedServer,
  name: string,
  mode: number,
  ticket: SessionTicket,
): Promise<Answer> {
  const { length } = ticket.ticket
  if (length > LARGEST_TICKET) {
    return {
      answer: 'unknown',
      because: `a ticket of ${length} bytes leaves a ClientHello no room`,
    }
  }
  const asked = await server.connections.ask(`resumption ${name}`, (exchange) =>
    askResumption(exchange, server, mode, ticket),
  )
  return asked.isAnswered ? asked.value : answerOf(asked.failure)
}

async function askResumption(
  exchange: Exchange,
  { resumable, finished, naming }: ProbedServer,
  mode: number,
  ticket: SessionTicket,
): Promise<Answer> {
  if (!resumable || !finished) return ABSENT
  const { hash, suite } = resumable.session
  const group = serverKeyShare(resumable.hello)?.group ?? 0
  const pair = makeKeyPair(group, (length) => exchange.random(length))
  const offer = {
    ...{ version: VERSION.TLS13, suites: [suite], groups: [group], ...naming },
    shares: pair ? [{ group, key: pair.share }] : [],
    extra: [pskKeyExchangeModes([mode]), preSharedKey(ticket, finished.resumption.length)],
  }
  const body = encodeClientHello(helloOf(offer, exchange))
  const key = ticketKey(hash, finished.resumption, ticket)
  const bound = bindSharedKey(hash, key, encodeHandshake({ type: HANDSHAKE.client_hello, body }))
  const channel = new TlsChannel(exchange, recordVersionFor(VERSION.TLS13))
  await channel.sendHandshake({ type: HANDSHAKE.client_hello, body: bound.subarray(4) })
  const incoming = await channel.next()
  if (incoming.kind === 'alert') return refusedBy(incoming.alert)
  const selected = selectedIdentity(serverHelloIn(incoming))
  if (selected === undefined) return ABSENT
  if (selected > 0) refuse(`that it took ticket ${selected + 1} of one`)
  return ACCEPTED
}
