/** Which suites a server accepts in one version, and so whether it has the version at all. */

import { EVERY_GROUP, isFiniteField } from '../messages/iana-groups.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { everySuite, keyExchangeOf } from '../messages/iana-suites.ts'
import type { Answer } from '../model.ts'
import { endOf } from './answers.ts'
import { type Choice, enumerate, type Found, withKnownOrder } from './enumerate.ts'
import { flightOf, type ProbedServer } from './probe.ts'

/** @param name Of the version, for the claims: `TLS1.2`. */
export async function probeSuites(
  server: ProbedServer,
  version: number,
  name: string,
): Promise<Found> {
  const ask = async (suites: readonly number[], question: number): Promise<Choice> => {
    const asked = await server.hello(`suites ${name} #${question}`, { version, suites })
    const flight = flightOf(asked, version)
    return flight ? { chosen: flight.suite } : { end: endOf(asked) }
  }
  const found = withKnownOrder(await enumerate(everySuite(version), ask))
  return version === VERSION.TLS12 ? withOldPrimes(server, found, name) : found
}

/**
 * A server that knows RFC 7919 refuses DHE where it has none of the named groups that a client offers,
 * and takes a prime of its own where the client names none. So the suites of DHE are asked for that way too.
 */
async function withOldPrimes(server: ProbedServer, found: Found, name: string): Promise<Found> {
  const left = everySuite(VERSION.TLS12).filter(
    (suite) => isDhe(suite) && !found.items.includes(suite),
  )
  const isAsked = found.items.length > 0 && !found.items.some(isDhe) && isRefused(found.end)
  if (!isAsked) return found
  const groups = EVERY_GROUP.filter((group) => !isFiniteField(group))
  const more = await enumerate(left, async (suites, question) => {
    const claim = `suites ${name} without named primes #${question}`
    const asked = await server.hello(claim, { version: VERSION.TLS12, suites, groups })
    const flight = flightOf(asked, VERSION.TLS12)
    return flight ? { chosen: flight.suite } : { end: endOf(asked) }
  })
  return { ...found, items: [...found.items, ...more.items], end: more.end }
}

export function isDhe(suite: number): boolean {
  return /^(DHE_|DH_anon|PSK_DHE)/.test(keyExchangeOf(suite))
}

export function isEcdhe(suite: number): boolean {
  return /^(ECDHE_|ECDH_anon)/.test(keyExchangeOf(suite))
}

/** Whether the server signs what it sends for the key exchange. */
export function isSigned(suite: number): boolean {
  return /^(ECDHE|DHE)_(RSA|ECDSA|DSS)/.test(keyExchangeOf(suite))
}

function isRefused({ answer }: Answer): boolean {
  return answer === 'refused' || answer === 'not-offered'
}
