/** Asks one server everything about TLS, many questions at a time. */

import { cheapestGroup } from '../key-schedule/key-pair.ts'
import { EVERY_GROUP, groupName } from '../messages/iana-groups.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { schemeName } from '../messages/iana-signatures.ts'
import { suiteName } from '../messages/iana-suites.ts'
import { sslv2CipherName } from '../messages/sslv2-hello.ts'
import {
  type DiffieHellman,
  type Enumeration,
  type GroupEnumeration,
  isWhole,
  type Numbered,
  type SchemeEnumeration,
  type TlsScan,
} from '../model.ts'
import { ACCEPTED, NOT_SEEN, numbered } from '../probes/answers.ts'
import { chainsOf } from '../probes/chains.ts'
import { clientCertificateOf, requiredCertificate } from '../probes/client-certificates.ts'
import type { Found } from '../probes/enumerate.ts'
import { featuresOf } from '../probes/features.ts'
import { probeCurves, probeGroups13, probePrimes } from '../probes/groups.ts'
import type { ProbedServer } from '../probes/probe.ts'
import { probeProtocols } from '../probes/protocols.ts'
import { probeResumption } from '../probes/resumption.ts'
import { probeSignatures12, probeSignatures13 } from '../probes/signatures.ts'
import { probeSslv2 } from '../probes/sslv2.ts'
import { isDhe, isEcdhe, isSigned, probeSuites } from '../probes/suites.ts'
import { type AcceptedVersion, probeTolerance } from '../probes/tolerance.ts'
import { type VersionSuites, withUnnamedPrimes } from '../probes/unnamed-primes.ts'

/** Newest first, by the names of policies. */
const VERSIONS = [
  { name: 'TLS1.3', number: VERSION.TLS13 },
  { name: 'TLS1.2', number: VERSION.TLS12 },
  { name: 'TLS1.1', number: VERSION.TLS11 },
  { name: 'TLS1.0', number: VERSION.TLS10 },
  { name: 'SSL3.0', number: VERSION.SSL3 },
] as const

const SSL2 = { name: 'SSL2.0', number: VERSION.SSL2 } as const

type FoundVersion = Numbered & VersionSuites

export async function scanTls(server: ProbedServer): Promise<TlsScan> {
  const named = await Promise.all([
    ...VERSIONS.map(async ({ name, number }) => ({
      ...{ name, number, groups: EVERY_GROUP },
      found: await probeSuites(server, number, name),
    })),
    probeSslv2(server).then((found) => ({ ...SSL2, groups: [], found })),
  ])
  const versions = await withUnnamedPrimes(server, named)
  const [newer, older, tolerance] = await Promise.all([
    scanNewer(server, versions),
    scanOlder(server, versions),
    probeTolerance(server, versions.filter(hasAny).map(accepted)),
  ])
  const [protocols, resumption] = await Promise.all([
    askProtocols(server, versions, newer),
    probeResumption(server),
  ])
  const required = requiredCertificate(server)
  const knowsTls13 = itemsOf(versions, VERSION.TLS13).length > 0
  return {
    ...printVersions(versions),
    groups: [...newer.groups, ...older.groups],
    diffieHellman: older.primes,
    signatures: [...newer.signatures, ...older.signatures],
    clientCertificate: clientCertificateOf(server, required),
    chains: chainsOf(server),
    protocols,
    ticketLifetime: server.finished?.tickets[0]?.lifetime ?? null,
    features: { ...featuresOf(server, knowsTls13, resumption), ...tolerance },
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
      ...enumeration(found, number === VERSION.SSL2 ? sslv2CipherName : suiteName),
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
  newer: Part,
): Promise<TlsScan['protocols']> {
  const newerGroups = newer.groups.flatMap(({ items }) => items.map(({ number }) => number))
  const group = cheapestGroup(newerGroups)
  const newest = versions.find((version) => {
    const isUsable = version.number < VERSION.TLS13 || group !== undefined
    return hasAny(version) && isUsable && version.number > VERSION.SSL3
  })
  if (!newest) return { items: [], order: 'unknown', end: NOT_SEEN }
  const { number, groups, found } = newest
  return probeProtocols(server, { version: number, suites: found.items, groups, group })
}

function hasAny({ found }: FoundVersion): boolean {
  return found.items.length > 0
}

function enumeration(found: Found, name: (number: number) => string): Enumeration<Numbered> {
  const { items, order, end } = found
  return { items: numbered(items, name), order, end }
}

type Part = {
  readonly groups: readonly GroupEnumeration[]
  readonly signatures: readonly SchemeEnumeration[]
  readonly primes: readonly DiffieHellman[]
}

async function scanNewer(server: ProbedServer, versions: readonly FoundVersion[]): Promise<Part> {
  const suites = versions.find(({ number }) => number === VERSION.TLS13)?.found
  if (!suites || suites.items.length === 0) return { groups: [], signatures: [], primes: [] }
  const groups = await probeGroups13(server, suites.items)
  const signatures = await probeSignatures13(server, suites, groups)
  const version = 'TLS1.3'
  return {
    groups: [{ version, ...enumeration(groups, groupName) }],
    signatures: [{ version, ...enumeration(signatures, schemeName) }],
    primes: [],
  }
}

/** Groups are asked for in the newest version before TLS 1.3 that the server has. */
async function scanOlder(server: ProbedServer, versions: readonly FoundVersion[]): Promise<Part> {
  const newest = versions.find((version) => version.number < VERSION.TLS13 && hasAny(version))
  if (!newest || newest.number === VERSION.SSL2) return { groups: [], signatures: [], primes: [] }
  const { number, name, found } = newest
  const [curves, primes] = await Promise.all([
    askWhereAny(found.items.filter(isEcdhe), (suites) => probeCurves(server, number, name, suites)),
    askWhereAny(found.items.filter(isDhe), (suites) => probePrimes(server, number, name, suites)),
  ])
  const signed = number === VERSION.TLS12 ? found.items.filter(isSigned) : []
  const signatures = await askWhereAny(signed, (suites) =>
    probeSignatures12(server, suites, newest.groups),
  )
  const asked = [curves, primes].filter((part) => part !== undefined)
  const groups = asked.filter((part) => part.items.length > 0 || !isWhole(part))
  return {
    groups: groups.map((part) => ({ version: name, ...enumeration(part, groupName) })),
    signatures: signatures ? [{ version: name, ...enumeration(signatures, schemeName) }] : [],
    primes: primes?.primes ?? [],
  }
}

function itemsOf(versions: readonly FoundVersion[], number: number): readonly number[] {
  return versions.find((version) => version.number === number)?.found.items ?? []
}

async function askWhereAny<Result>(
  suites: readonly number[],
  ask: (suites: readonly number[]) => Promise<Result>,
): Promise<Result | undefined> {
  return suites.length > 0 ? ask(suites) : undefined
}
