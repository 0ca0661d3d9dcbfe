/** Whether a server goes on within TLS with what it turned away in clear. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import type { Exchange } from '../connection/exchange.ts'
import { sendFinished13 } from '../conversation/finish13.ts'
import { handshake13 } from '../conversation/handshake13.ts'
import { olderHandshake } from '../conversation/older-handshake.ts'
import { withinTls } from '../conversation/within-tls.ts'
import { EVERY_GROUP, GROUPS_WITH_PRIME, GROUPS_WITHOUT_PRIME } from '../messages/iana-groups.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { type Answer, answerOf, type TlsScan } from '../model.ts'
import { ABSENT, ACCEPTED, NOT_SEEN } from './answers.ts'
import { wayToCompute13 } from './finish.ts'
import { channelFor } from './finish-older.ts'
import { computableOffer } from './older-handshakes.ts'
import type { ProbedServer } from './probe.ts'

/** Undefined where the handshake did not come to its end. */
type OpenWithinTls = (exchange: Exchange) => Promise<ClearExchange | undefined>

/**
 * @param scan What the server accepts.
 * @param isServed Holds the conversation.
 */
export async function probeWithinTls(
  server: ProbedServer,
  scan: TlsScan,
  isServed: (exchange: ClearExchange) => Promise<boolean>,
): Promise<Answer> {
  const open = wayInNewest(server, scan) ?? wayInOlder(server, scan)
  if (!open) return NOT_SEEN
  const asked = await server.connections.ask('clear text, within TLS', async (exchange) => {
    const within = await open(exchange)
    return within ? isServed(within) : undefined
  })
  if (!asked.isAnswered) return answerOf(asked.failure)
  if (asked.value === undefined) return NOT_SEEN
  return asked.value ? ACCEPTED : ABSENT
}

function wayInNewest({ naming }: ProbedServer, scan: TlsScan): OpenWithinTls | undefined {
  const way = wayToCompute13(numbersIn(scan.suites, 'TLS1.3'), numbersIn(scan.groups, 'TLS1.3'))
  if (!way) return undefined
  const offer = { version: VERSION.TLS13, suites: way.suites, ...naming }
  return async (exchange) => {
    const reply = await handshake13(exchange, offer, way.group)
    if (reply.kind !== 'handshake') return undefined
    await sendFinished13(reply.handshake)
    return withinTls(reply.handshake.session.channel)
  }
}

function wayInOlder(server: ProbedServer, scan: TlsScan): OpenWithinTls | undefined {
  const newest = scan.versions.find(
    ({ number, result }) =>
      number < VERSION.TLS13 && number > VERSION.SSL3 && result.answer === 'accepted',
  )
  if (!newest) return undefined
  const suites = numbersIn(scan.suites, newest.name)
  // A server with a prime of its own refuses clients that name others.
  const hasNamed = numbersIn(scan.groups, newest.name).some((group) =>
    GROUPS_WITH_PRIME.includes(group),
  )
  const groups = server.usual(hasNamed ? EVERY_GROUP : GROUPS_WITHOUT_PRIME)
  const offer = computableOffer(server, { number: newest.number, suites, groups })
  if (offer.suites.length === 0) return undefined
  return async (exchange) => {
    const channel = channelFor(exchange, offer)
    const reply = await olderHandshake(channel, offer)
    return reply.kind === 'handshake' ? withinTls(channel) : undefined
  }
}

/** All lists of a version: there may be one of curves and one of primes. */
function numbersIn(lists: TlsScan['suites'], name: string): readonly number[] {
  return lists
    .filter(({ version }) => version === name)
    .flatMap(({ items }) => items.map(({ number }) => number))
}
