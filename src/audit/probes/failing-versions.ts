/**
 * Versions in which a server fails whatever a client offers, while it serves clients in another version.
 *
 * OpenSSL 3 knows TLS 1.0 and 1.1 at a security level that forbids their signatures. It chooses the version and a
 * suite, finds no signature for its key, and says internal_error to every client.
 */
import { GROUPS_WITHOUT_PRIME } from '../messages/iana-groups.ts'
import { ALERT, alertName, VERSION } from '../messages/iana-numbers.ts'
import { everySuite, keyExchangeOf } from '../messages/iana-suites.ts'
import { type Answer, isWhole } from '../model.ts'
import { endOf, SERVER_FAILED } from './answers.ts'
import { type Choice, enumerate, type Found } from './enumerate.ts'
import { flightOf, type ProbedServer } from './probe.ts'
import { isSigned } from './suites.ts'
import type { VersionSuites } from './unnamed-primes.ts'

function isSignedByRsa(suite: number): boolean {
  return isSigned(suite) && keyExchangeOf(suite).endsWith('_RSA')
}

function isSignedByOther(suite: number): boolean {
  return isSigned(suite) && !isSignedByRsa(suite)
}

/**
 * The versions, with what separate questions for each kind of suites show where one question for all failed.
 *
 * Where none is accepted, the version is refused: no client gets in by it. A server that fails in every version may
 * be out of order, and has refused nothing.
 */
export async function withFailingVersions<Version extends VersionSuites>(
  server: ProbedServer,
  versions: readonly Version[],
): Promise<readonly Version[]> {
  if (!versions.some(({ found }) => found.items.length > 0)) return versions
  const asked = versions.map(async (version) =>
    isFailing(version) ? { ...version, ...(await askEachKind(server, version)) } : version,
  )
  return Promise.all(asked)
}

/** Suites of TLS 1.3 have no kinds. */
function isFailing({ number, found: { items, end } }: VersionSuites): boolean {
  const hasKinds = number > VERSION.SSL3 && number < VERSION.TLS13
  return hasKinds && items.length === 0 && end === SERVER_FAILED
}

/** Failures that one kind of suites has, as that of a key or of its signature, leave the others alone. */
async function askEachKind(
  server: ProbedServer,
  version: VersionSuites,
): Promise<Pick<VersionSuites, 'found' | 'groups'>> {
  const groups = server.usual(GROUPS_WITHOUT_PRIME)
  const ask: AskKind = (kind, isOfKind, known) =>
    askKind(server, { ...version, groups }, kind, { isOfKind, known })
  const [signed, notSigned] = await Promise.all([
    askSigned(server, ask),
    ask('not signed', (suite) => !isSigned(suite)),
  ])
  const kinds = [...signed, notSigned]
  const items = kinds.flatMap((found) => found.items)
  const ends = kinds.map(({ end }) => end)
  return { groups, found: { items, order: 'unknown', end: endOfKinds(items.length > 0, ends) } }
}

type AskKind = (
  kind: string,
  isOfKind: (suite: number) => boolean,
  known?: readonly number[],
) => Promise<Found>

/** One question is enough of a server that has signed with one kind of key so far, unless it fails. */
async function askSigned({ flights }: ProbedServer, ask: AskKind): Promise<readonly Found[]> {
  const shown = flights.map(({ suite }) => suite)
  const signed =
    shown.some(isSignedByRsa) && shown.some(isSignedByOther)
      ? undefined
      : await ask('signed', isSigned)
  if (signed && signed.end !== SERVER_FAILED) return [signed]
  const known = signed?.items ?? []
  const other = await ask('signed by other keys', isSignedByOther, known.filter(isSignedByOther))
  // Where it chooses no suite of them, it has failed over RSA.
  if (signed && other.items.length === 0 && isWhole(other)) return [signed]
  return [other, await ask('signed by RSA', isSignedByRsa, known.filter(isSignedByRsa))]
}

function askKind(
  server: ProbedServer,
  { name, number: version, groups }: VersionSuites,
  kind: string,
  {
    isOfKind,
    known = [],
  }: {
    readonly isOfKind: (suite: number) => boolean
    readonly known: readonly number[] | undefined
  },
): Promise<Found> {
  const ask = async (suites: readonly number[], question: number): Promise<Choice> => {
    const claim = `suites ${name} ${kind} #${question}`
    const asked = await server.hello(claim, { version, suites, groups })
    const flight = flightOf(asked, version)
    return flight ? { chosen: flight.suite } : { end: endOf(asked) }
  }
  const rules = { isOrderWanted: false, known, batch: server.batch }
  return enumerate(everySuite(version).filter(isOfKind), ask, rules)
}

/** Where some suites are accepted, a failure hides which others would be. */
function endOfKinds(isAccepted: boolean, ends: readonly Answer[]): Answer {
  const unlearnt = ends.find((end) => !isWhole({ end }) && end !== SERVER_FAILED)
  if (unlearnt) return unlearnt
  if (!ends.includes(SERVER_FAILED)) return ends[0] ?? SERVER_FAILED
  return isAccepted ? SERVER_FAILED : FAILS_ALWAYS
}

const FAILS_ALWAYS: Answer = {
  answer: 'refused',
  alert: ALERT.internal_error,
  name: alertName(ALERT.internal_error),
}
