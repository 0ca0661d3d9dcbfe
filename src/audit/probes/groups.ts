/** Which groups a server agrees on a secret in: curves and primes before TLS 1.3, and all of TLS 1.3. */

import { bitLength } from '../../wire/bit-length.ts'
import {
  EVERY_GROUP,
  GROUPS_WITH_PRIME,
  GROUPS_WITHOUT_PRIME,
  groupName,
} from '../messages/iana-groups.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { type DiffieHellman, isWhole } from '../model.ts'
import { ABSENT, endOf } from './answers.ts'
import { type Choice, enumerate, type Found, withKnownOrder } from './enumerate.ts'
import { namedPrime } from './named-primes.ts'
import { endOfFlight, flightOf, type ProbedServer, shownExchanges } from './probe.ts'
import { withUnknown } from './unknown-values.ts'

/** TLS 1.3: without a share of any, the server asks for one of those that are offered. */
export async function probeGroups13(
  server: ProbedServer,
  suites: readonly number[],
): Promise<Found> {
  const version = VERSION.TLS13
  const ask = async (groups: readonly number[], question: number): Promise<Choice> => {
    const claim = `groups TLS1.3 #${question}`
    // The first question asks two things at once: whether unknown values are passed over, too.
    if (question === 1) {
      const among = withUnknown({ number: version, suites, groups })
      const mixed = await server.hello(`${claim}, unknown values and version`, among)
      const chosen = flightOf(mixed, version)?.retryGroup
      server.passesUnknown = chosen !== undefined && groups.includes(chosen)
      if (chosen !== undefined && server.passesUnknown) return { chosen }
    }
    const asked = await server.hello(claim, { version, suites, groups })
    const group = flightOf(asked, version)?.retryGroup
    return group === undefined ? { end: endOf(asked) } : { chosen: group }
  }
  const [shown] = server.flights.flatMap((flight) =>
    flight.version === version ? (flight.retryGroup ?? []) : [],
  )
  const known = EVERY_GROUP.filter((group) => group === shown)
  return withKnownOrder(await enumerate(EVERY_GROUP, ask, { known, batch: server.batch }))
}

/**
 * The curve of a server's certificate has to be among those of the client too, whichever is chosen for the key
 * exchange (RFC 8422 section 5.1): a server that has no other key refuses clients without it.
 *
 * @param suites Those of ECDHE that the server accepts.
 */
export async function probeCurves(
  server: ProbedServer,
  version: number,
  name: string,
  suites: readonly number[],
): Promise<Found> {
  const ask = async (groups: readonly number[], question: number): Promise<Choice> => {
    const asked = await server.hello(`groups ${name}, curves #${question}`, {
      version,
      suites,
      groups,
    })
    const exchange = flightOf(asked, version)?.keyExchange?.exchange
    return exchange?.kind === 'ecdhe'
      ? { chosen: exchange.group }
      : { end: endOfFlight(asked, version) }
  }
  const [shown] = shownExchanges(server, version).flatMap(({ exchange }) =>
    exchange.kind === 'ecdhe' ? exchange.group : [],
  )
  const known = GROUPS_WITHOUT_PRIME.filter((group) => group === shown)
  const found = await enumerate(GROUPS_WITHOUT_PRIME, ask, {
    ...{ isChosenKept: true, known, batch: server.batch },
  })
  return withKnownOrder(found)
}

/** Each named prime that the server took of its own accord, smallest first. */
function shownPrimes(server: ProbedServer, version: number): readonly Buffer[] {
  const primes = new Map<number, Buffer>()
  for (const { exchange } of shownExchanges(server, version)) {
    const group = exchange.kind === 'dhe' ? namedPrime(exchange.prime) : undefined
    if (exchange.kind === 'dhe' && group !== undefined) primes.set(group, exchange.prime)
  }
  return [...primes].sort(([a], [b]) => a - b).map(([, prime]) => prime)
}

export type FoundPrimes = Found & { readonly primes: readonly DiffieHellman[] }

/**
 * Primes of DHE: those of RFC 7919 one after the other, then the one for clients that name none of them.
 * A server that does not know RFC 7919 answers every client with the prime that it has.
 *
 * @param suites Those of DHE that the server accepts.
 */
export async function probePrimes(
  server: ProbedServer,
  version: number,
  name: string,
  suites: readonly number[],
): Promise<FoundPrimes> {
  const primes: DiffieHellman[] = []
  const keep = (prime: Buffer): number | undefined => {
    const [number, bits] = [namedPrime(prime), bitLength(prime)]
    const group = number === undefined ? null : groupName(number)
    const isKnown = primes.some((other) => other.bits === bits && other.group === group)
    if (!isKnown) primes.push({ version: name, bits, group })
    return number
  }
  const ask = async (groups: readonly number[], claim: string): Promise<Choice> => {
    const asked = await server.hello(claim, { version, suites, groups })
    const exchange = flightOf(asked, version)?.keyExchange?.exchange
    if (exchange?.kind !== 'dhe') return { end: endOfFlight(asked, version) }
    const group = keep(exchange.prime)
    const isAgreed = group !== undefined && groups.includes(group)
    return isAgreed ? { chosen: group } : { end: ABSENT }
  }
  const askNamed = (groups: readonly number[], question: number): Promise<Choice> =>
    ask(groups, `groups ${name}, primes #${question}`)
  const known = shownPrimes(server, version)
  for (const prime of known) keep(prime)
  const found = await enumerate(GROUPS_WITH_PRIME, askNamed, {
    isOrderWanted: false,
    batch: server.batch,
    known: known.flatMap((prime) => namedPrime(prime) ?? []),
  })
  const isOwnSeen = primes.some(({ group }) => group === null)
  if (isOwnSeen || !isWhole(found)) return { ...found, primes }
  const own = await ask(server.usual(GROUPS_WITHOUT_PRIME), `groups ${name}, no named primes`)
  return { ...found, primes, end: 'end' in own && !isWhole(own) ? own.end : found.end }
}
