/** What a server does before TLS 1.3, beside its suites. */
import { groupName } from '../messages/iana-groups.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { schemeName } from '../messages/iana-signatures.ts'
import { isWhole } from '../model.ts'
import { namedEnumeration } from '../probes/answers.ts'
import { probeCurves, probePrimes } from '../probes/groups.ts'
import type { ProbedServer } from '../probes/probe.ts'
import { probeSignatures12 } from '../probes/signatures.ts'
import { isDhe, isEcdhe, isSigned } from '../probes/suites.ts'
import type { VersionSuites } from '../probes/unnamed-primes.ts'
import { NOTHING_LEARNT, type VersionPart } from './version-part.ts'

/** Groups are asked for in the newest version before TLS 1.3 that the server has. */
export async function scanOlder(
  server: ProbedServer,
  versions: readonly VersionSuites[],
): Promise<VersionPart> {
  const newest = versions.find(
    (version) => version.number < VERSION.TLS13 && version.found.items.length > 0,
  )
  if (!newest || newest.number === VERSION.SSL2) return NOTHING_LEARNT
  const { number, name, found } = newest
  const signed = number === VERSION.TLS12 ? found.items.filter(isSigned) : []
  const [curves, primes, signatures] = await Promise.all([
    askWhereAny(found.items.filter(isEcdhe), (suites) => probeCurves(server, number, name, suites)),
    askWhereAny(found.items.filter(isDhe), (suites) => probePrimes(server, number, name, suites)),
    askWhereAny(signed, (suites) => probeSignatures12(server, suites, newest.groups)),
  ])
  const asked = [curves, primes].filter((part) => part !== undefined)
  const groups = asked.filter((part) => part.items.length > 0 || !isWhole(part))
  return {
    groups: groups.map((part) => ({ version: name, ...namedEnumeration(part, groupName) })),
    signatures: signatures ? [{ version: name, ...namedEnumeration(signatures, schemeName) }] : [],
    primes: primes?.primes ?? [],
  }
}

async function askWhereAny<Result>(
  suites: readonly number[],
  ask: (suites: readonly number[]) => Promise<Result>,
): Promise<Result | undefined> {
  return suites.length > 0 ? ask(suites) : undefined
}
