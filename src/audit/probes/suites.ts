/** Which suites a server accepts in one version, and so whether it has the version at all. */

import { everySuite, keyExchangeOf } from '../messages/iana-suites.ts'
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
  return withKnownOrder(await enumerate(everySuite(version), ask, { batch: server.batch }))
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
