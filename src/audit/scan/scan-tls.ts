/** Asks one server everything about TLS, many questions at a time. */

import { cheapestGroup } from '../key-schedule/key-pair.ts'
import { EVERY_GROUP } from '../messages/iana-groups.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { suiteName } from '../messages/iana-suites.ts'
import { sslv2CipherName } from '../messages/sslv2-hello.ts'
import type { Answer, Numbered, TlsScan } from '../model.ts'
import { ACCEPTED, NOT_SEEN, namedEnumeration } from '../probes/answers.ts'
import { chainsOf } from '../probes/chains.ts'
import { clientCertificateOf, requiredCertificate } from '../probes/client-certificates.ts'
import { withFailingVersions } from '../probes/failing-versions.ts'
import { featuresOf } from '../probes/features.ts'
import { probeLargeHellos } from '../probes/large-hellos.ts'
import { probeOlderHandshakes } from '../probes/older-handshakes.ts'
import type { ProbedServer } from '../probes/probe.ts'
import { probeProtocols } from '../probes/protocols.ts'
import { probeSslv2 } from '../probes/sslv2.ts'
import { probeSuites } from '../probes/suites.ts'
import { probeTolerance } from '../probes/tolerance.ts'
import type { AcceptedVersion } from '../probes/unknown-values.ts'
import { type VersionSuites, withUnnamedPrimes } from '../probes/unnamed-primes.ts'
import { findNewerBasis, finishNewer, type NewerBasis, scanNewer } from './scan-newer.ts'
import { scanOlder } from './scan-older.ts'

const NEWEST = { name: 'TLS1.3', number: VERSION.TLS13 } as const

/** Newest first, by the names of policies. */
const OLDER = [
  { name: 'TLS1.2', number: VERSION.TLS12 },
  { name: 'TLS1.1', number: VERSION.TLS11 },
  { name: 'TLS1.0', number: VERSION.TLS10 },
  { name: 'SSL3.0', number: VERSION.SSL3 },
] as const

const SSL2 = { name: 'SSL2.0', number: VERSION.SSL2 } as const

type FoundVersion = Numbered & VersionSuites

/** A server that answers no large messages is asked everything by small ones. */
export async function scanTls(server: ProbedServer): Promise<TlsScan> {
  const { scan, dislike } = await scanAll(server)
  if (!dislike) return withLargeHellos(scan, scan.suites.length > 0 ? ACCEPTED : NOT_SEEN)
  const { scan: bySmall } = await scanAll(server.withSmallHellos())
  return withLargeHellos(bySmall, dislike)
}

type Scanned = {
  readonly scan: TlsScan
  /** What large messages are answered with by a server that answers small ones. */
  readonly dislike: Answer | undefined
}

function withLargeHellos(scan: TlsScan, largeHellos: Answer): TlsScan {
  return { ...scan, features: { ...scan.features, largeHellos } }
}

/** What needs only some of the answers does not wait for the others: a server with one thread always has work. */
async function scanAll(server: ProbedServer): Promise<Scanned> {
  const newest = askVersion(server, NEWEST)
  const asked = [newest, ...OLDER.map((version) => askVersion(server, version))]
  const sslv2 = probeSslv2(server).then((found) => ({ ...SSL2, groups: [], found }))
  const all = Promise.all([...asked, sslv2])
    .then((found) => withUnnamedPrimes(server, found))
    .then((found) => withFailingVersions(server, found))
  const usable = all.then((found) => found.filter(hasAny).map(accepted))
  const basis = newest.then(({ found }) => findNewerBasis(server, found))
  const finished = basis.then((found) => finishNewer(server, found))
  const others = Promise.all([
    all,
    all.then((found) => askSmall(server, found)),
    basis.then((found) => scanNewer(server, found, finished)),
    all.then((found) => scanOlder(server, found)),
    Promise.all([usable, basis]).then(([found]) => probeTolerance(server, found)),
    Promise.all([all, basis, finished]).then(([found, newer]) =>
      askProtocols(server, found, newer),
    ),
  ])
  const [[versions, dislike, newer, older, tolerance, protocols], handshakes] = await Promise.all([
    others,
    usable.then((found) => probeOlderHandshakes(server, found, others)),
  ])
  const required = requiredCertificate(server, handshakes.admission)
  const knowsTls13 = itemsOf(versions, VERSION.TLS13).length > 0
  const scan = {
    ...printVersions(versions),
    groups: [...newer.groups, ...older.groups],
    diffieHellman: older.primes,
    signatures: [...newer.signatures, ...older.signatures],
    clientCertificate: clientCertificateOf(server, required),
    chains: chainsOf(server),
    protocols,
    ticketLifetime: server.finished?.tickets[0]?.lifetime ?? null,
    ticketLifetimeHint: handshakes.ticketLifetimeHint,
    features: {
      ...featuresOf(server, knowsTls13, newer.resumption),
      ...handshakes.features,
      ...tolerance,
    },
  }
  return { scan, dislike }
}

/** Nothing where all messages are small. */
async function askSmall(
  server: ProbedServer,
  found: readonly FoundVersion[],
): Promise<Answer | undefined> {
  if (server.naming.isSmall) return undefined
  return probeLargeHellos(server, printVersions(found).versions)
}

async function askVersion(server: ProbedServer, { name, number }: Numbered): Promise<FoundVersion> {
  return {
    name,
    number,
    groups: server.usual(EVERY_GROUP),
    found: await probeSuites(server, number, name),
  }
}

function printVersions(versions: readonly FoundVersion[]): Pick<TlsScan, 'versions' | 'suites'> {
  return {
    versions: versions.map(({ name, number, found }) => ({
      ...{ name, number },
      result: found.items.length > 0 ? ACCEPTED : found.end,
    })),
    suites: versions.filter(hasAny).map(({ name, number, found }) => ({
      version: name,
      ...namedEnumeration(found, number === VERSION.SSL2 ? sslv2CipherName : suiteName),
    })),
  }
}

function accepted({ number, groups, found }: FoundVersion): AcceptedVersion {
  return { number, groups, suites: found.items }
}

/** In the newest version; in TLS 1.3 the answer is hidden, so that it needs a group to compute with. */
async function askProtocols(
  server: ProbedServer,
  versions: readonly FoundVersion[],
  newer: NewerBasis | undefined,
): Promise<TlsScan['protocols']> {
  const group = newer && cheapestGroup(newer.groups.items)
  const usable = versions.filter((version) => {
    const isUsable = version.number < VERSION.TLS13 || group !== undefined
    return hasAny(version) && isUsable && version.number > VERSION.SSL3
  })
  // A share of a key leaves little room in a small message.
  const roomy = server.naming.isSmall && usable.find((version) => version.number < VERSION.TLS13)
  const newest = roomy || usable[0]
  if (!newest) return { items: [], order: 'unknown', end: NOT_SEEN }
  const { number, groups, found } = newest
  return probeProtocols(server, { version: number, suites: found.items, groups, group })
}

function hasAny({ found }: FoundVersion): boolean {
  return found.items.length > 0
}

function itemsOf(versions: readonly FoundVersion[], number: number): readonly number[] {
  return versions.find((version) => version.number === number)?.found.items ?? []
}
