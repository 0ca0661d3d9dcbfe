/** With which schemes a server signs: TLS 1.2 says it in ServerKeyExchange, TLS 1.3 in CertificateVerify. */

import type { Asked } from '../connection/failure.ts'
import { handshake13, type Reply13 } from '../conversation/handshake13.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { EVERY_SCHEME } from '../messages/iana-signatures.ts'
import { type Answer, answerOf, isWhole } from '../model.ts'
import { ABSENT, refusedBy } from './answers.ts'
import { type Choice, enumerate, type Found } from './enumerate.ts'
import type { Way13 } from './finish.ts'
import { endOfFlight, flightOf, type ProbedServer, shownExchanges } from './probe.ts'

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
    return scheme === undefined ? { end: endOfFlight(asked, version) } : { chosen: scheme }
  }
  const shown = new Set(shownExchanges(server, version).map(({ scheme }) => scheme))
  const known = EVERY_SCHEME.filter((scheme) => shown.has(scheme))
  return enumerate(EVERY_SCHEME, ask, { isOrderWanted: false, known, batch: server.batch })
}

/** @param way Undefined where none can be computed with. */
export async function probeSignatures13(
  server: ProbedServer,
  suites: Found,
  groups: Found,
  way: Way13 | undefined,
): Promise<Found> {
  if (!way) {
    const lacking = groups.items.length === 0 || !isWhole(groups) ? groups : suites
    return { items: [], order: 'unknown', end: isWhole(lacking) ? NOT_COMPUTABLE : lacking.end }
  }
  const ask = async (schemes: readonly number[], question: number): Promise<Choice> => {
    const { naming, connections } = server
    const offer = { version: VERSION.TLS13, suites: way.suites, schemes, ...naming }
    const asked = await connections.ask(`signatures TLS1.3 #${question}`, (exchange) =>
      handshake13(exchange, offer, way.group),
    )
    return choiceOf(server, asked)
  }
  return enumerate(EVERY_SCHEME, ask, { isOrderWanted: false, batch: server.batch })
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
