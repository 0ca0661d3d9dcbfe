/** With which schemes a server signs: TLS 1.2 says it in ServerKeyExchange, TLS 1.3 in CertificateVerify. */

import { ProtocolError } from '../../wire/protocol-error.ts'
import { type Asked, ExchangeEnded } from '../connection/failure.ts'
import { finishHandshake13 } from '../conversation/finish13.ts'
import { type Handshake13, handshake13, type Reply13 } from '../conversation/handshake13.ts'
import { cheapestGroup } from '../key-schedule/key-pair.ts'
import { COMPUTABLE_SUITES } from '../key-schedule/tls13-protection.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { EVERY_SCHEME } from '../messages/iana-signatures.ts'
import { type Answer, answerOf, isWhole } from '../model.ts'
import { ABSENT, endOf, refusedBy } from './answers.ts'
import { type Choice, enumerate, type Found } from './enumerate.ts'
import { flightOf, type ProbedServer } from './probe.ts'

/**
 * @param suites Those whose key exchange is signed, which the server accepts.
 * @param groups Those with which it accepts them.
 */
export async function probeSignatures12(
  server: ProbedServer,
  suites: readonly number[],
  groups: readonly number[],
): Promise<Found> {
  const version = VERSION.TLS12
  const ask = async (schemes: readonly number[], question: number): Promise<Choice> => {
    const offer = { version, suites, groups, schemes }
    const asked = await server.hello(`signatures TLS1.2 #${question}`, offer)
    const scheme = flightOf(asked, version)?.keyExchange?.scheme
    return scheme === undefined ? { end: endOf(asked) } : { chosen: scheme }
  }
  return enumerate(EVERY_SCHEME, ask, { isOrderWanted: false })
}

/**
 * @param suites Those of TLS 1.3 that the server accepts.
 * @param groups Likewise.
 */
export async function probeSignatures13(
  server: ProbedServer,
  suites: Found,
  groups: Found,
): Promise<Found> {
  const usable = suites.items.filter((suite) => COMPUTABLE_SUITES.includes(suite))
  const group = cheapestGroup(groups.items)
  if (group === undefined || usable.length === 0) {
    const lacking = group === undefined ? groups : suites
    return { items: [], order: 'unknown', end: isWhole(lacking) ? NOT_COMPUTABLE : lacking.end }
  }
  const ask = async (schemes: readonly number[], question: number): Promise<Choice> => {
    const claim = `signatures TLS1.3 #${question}`
    const offer = { version: VERSION.TLS13, suites: usable, schemes, serverName: server.serverName }
    const isFirst = question === 1
    const asked = await server.connections.ask(claim, async (exchange) => {
      const reply = await handshake13(exchange, offer, group)
      if (isFirst && reply.kind === 'handshake') await finish(server, reply.handshake)
      return reply
    })
    return choiceOf(server, asked)
  }
  return enumerate(EVERY_SCHEME, ask, { isOrderWanted: false })
}

/** One handshake is finished: that shows tickets, and whether a certificate is required. */
async function finish(server: ProbedServer, handshake: Handshake13): Promise<void> {
  try {
    server.finished = await finishHandshake13(handshake, server.firstRequest)
    server.resumable = handshake
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof ExchangeEnded)) throw error
    // What the handshake showed is known all the same.
  }
}

function choiceOf(server: ProbedServer, asked: Asked<Reply13>): Choice {
  if (!asked.isAnswered) return { end: answerOf(asked.failure) }
  const reply = asked.value
  if (reply.kind === 'alert') return { end: refusedBy(reply.alert) }
  if (reply.kind === 'older') return { end: ABSENT }
  server.handshakes.push(reply.handshake)
  const { scheme } = reply.handshake
  return scheme === undefined ? { end: ABSENT } : { chosen: scheme }
}

const NOT_COMPUTABLE: Answer = {
  answer: 'unknown',
  because: 'the server accepts no group and suite of TLS 1.3 that Node.js can compute with',
}
