/** Which protocols a server takes by ALPN (RFC 7301), of those that the registry has. */
import { handshake13 } from '../conversation/handshake13.ts'
import { askHello } from '../conversation/server-flight.ts'
import { applicationProtocols } from '../messages/extensions.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { answerOf, type Enumeration } from '../model.ts'
import { ABSENT, refusedBy } from './answers.ts'
import { type Choice, enumerate } from './enumerate.ts'
import { APPLICATION_PROTOCOLS, chosenProtocol } from './offered-protocols.ts'
import type { ProbedServer } from './probe.ts'

/** How to come to an answer: with a share in TLS 1.3, or in clear before it. */
export type ProtocolQuestion = {
  readonly version: number
  readonly suites: readonly number[]
  /** Before TLS 1.3. */
  readonly groups: readonly number[]
  /** Of TLS 1.3. */
  readonly group: number | undefined
}

/** Names are longer than numbers. */
const FEW = 6

export async function probeProtocols(
  server: ProbedServer,
  question: ProtocolQuestion,
): Promise<Enumeration<string>> {
  const all = APPLICATION_PROTOCOLS.map((_, index) => index)
  const { firstProtocol } = server
  // All were on offer where a handshake of TLS 1.3 was finished.
  const isFirstKnown = question.version >= VERSION.TLS13 && firstProtocol !== undefined
  const seen = new Set<number>()
  const ask = async (offered: readonly number[], number: number): Promise<Choice> => {
    const isKnown = number === 1 && isFirstKnown
    const choice = isKnown ? firstProtocol : await askProtocols(server, question, offered, number)
    if ('end' in choice) return choice
    const { chosen } = choice
    // Apache falls back to HTTP/1.1, also where the client does not offer it.
    if (seen.has(chosen) && !offered.includes(chosen)) return { end: ABSENT }
    seen.add(chosen)
    return choice
  }
  const rules = { isOrderWanted: false, batch: server.batch && FEW }
  const { items, order, end } = await enumerate(all, ask, rules)
  return { items: items.map((index) => APPLICATION_PROTOCOLS[index] ?? ''), order, end }
}

async function askProtocols(
  server: ProbedServer,
  { version, suites, groups, group }: ProtocolQuestion,
  offered: readonly number[],
  number: number,
): Promise<Choice> {
  const { naming, connections } = server
  const extra = [applicationProtocols(offered.map((index) => APPLICATION_PROTOCOLS[index] ?? ''))]
  const offer = { version, suites, extra, ...naming }
  const asked = await connections.ask(`ALPN #${number}`, async (exchange) => {
    if (version < VERSION.TLS13 || group === undefined) {
      const reply = await askHello(exchange, { ...offer, groups })
      return reply.kind === 'alert' ? reply : chosenProtocol(reply.flight.hello.extensions)
    }
    const reply = await handshake13(exchange, offer, group)
    if (reply.kind === 'alert') return reply
    return chosenProtocol(reply.kind === 'older' ? [] : reply.handshake.encryptedExtensions)
  })
  if (!asked.isAnswered) return { end: answerOf(asked.failure) }
  return 'kind' in asked.value ? { end: refusedBy(asked.value.alert) } : asked.value
}
