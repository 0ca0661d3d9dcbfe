/**
 * Suites of DHE that a server has for clients that name no prime.
 *
 * A server that knows RFC 7919 refuses DHE where it has none of the named primes that a client offers, and takes a
 * prime of its own where the client names none.
 */
import { GROUPS_WITHOUT_PRIME } from '../messages/iana-groups.ts'
import { ALERT, VERSION } from '../messages/iana-numbers.ts'
import { everySuite } from '../messages/iana-suites.ts'
import { isWhole } from '../model.ts'
import { endOf } from './answers.ts'
import { type Choice, enumerate, type Found } from './enumerate.ts'
import { flightOf, type ProbedServer } from './probe.ts'
import { isDhe } from './suites.ts'

export type VersionSuites = {
  readonly name: string
  readonly number: number
  readonly found: Found
  /** Those that a client may offer with every one of the suites. */
  readonly groups: readonly number[]
}

/**
 * The versions, with these suites too. A version that the server accepts, and in which it has said that it has no
 * more, speaks for all others that it accepts: most servers cost one question. One that seems to be refused may have
 * nothing else.
 *
 * @param versions Newest first.
 */
export async function withUnnamedPrimes<Version extends VersionSuites>(
  server: ProbedServer,
  versions: readonly Version[],
): Promise<readonly Version[]> {
  const hiding = versions.filter(mayHideDhe)
  const acceptedFirst = hiding.toSorted((a, b) => Number(hasAny(b)) - Number(hasAny(a)))
  const changed = new Map<Version, Version>()
  let isWithoutMore = false
  for (const version of acceptedFirst) {
    if (hasAny(version) && isWithoutMore) continue
    const found = await askWithoutPrimes(server, version)
    const hasMore = found.items.length > version.found.items.length
    const groups = hasMore ? server.usual(GROUPS_WITHOUT_PRIME) : version.groups
    changed.set(version, { ...version, found, groups })
    isWithoutMore ||= hasAny(version) && !hasMore && isWhole(found)
  }
  return versions.map((version) => changed.get(version) ?? version)
}

/** Only hellos with extensions name primes. */
function mayHideDhe({ number, found: { items, end } }: VersionSuites): boolean {
  const isVersionRefused = end.answer === 'refused' && end.alert === ALERT.protocol_version
  const namesPrimes = number > VERSION.SSL3 && number < VERSION.TLS13
  return namesPrimes && !items.some(isDhe) && isWhole({ end }) && !isVersionRefused
}

function hasAny({ found }: VersionSuites): boolean {
  return found.items.length > 0
}

async function askWithoutPrimes(
  server: ProbedServer,
  { name, number: version, found }: VersionSuites,
): Promise<Found> {
  const ask = async (suites: readonly number[], question: number): Promise<Choice> => {
    const claim = `suites ${name} without named primes #${question}`
    const groups = server.usual(GROUPS_WITHOUT_PRIME)
    const asked = await server.hello(claim, { version, suites, groups })
    const flight = flightOf(asked, version)
    return flight ? { chosen: flight.suite } : { end: endOf(asked) }
  }
  const more = await enumerate(everySuite(version).filter(isDhe), ask, {
    ...{ isOrderWanted: false, batch: server.batch },
  })
  if (more.items.length === 0 && isWhole(more)) return found
  return { ...found, items: [...found.items, ...more.items], end: more.end }
}
