/**
 * Compares what a policy allows with what OpenSSL offers under the file that is written for it, and
 * with what is said of the difference.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findTlsGroup } from '../../../src/algorithms/tls-groups.ts'
import { findTlsSuite, type TlsSuite } from '../../../src/algorithms/tls-suites.ts'
import { findLooseness } from '../../../src/backends/looseness/looseness.ts'
import { opensslcnf } from '../../../src/backends/opensslcnf.ts'
import { allowedByPolicy } from '../../../src/policy/allowed-tls.ts'
import { type EffectivePolicy, evaluatePolicy } from '../../../src/policy/effective-policy.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import { purpose } from '../../../src/policy/scope.ts'
import { findTlsVersion } from '../../algorithms/by-number.ts'
import {
  decodeClientHello,
  decodeDatagramHello,
  type Hello,
} from '../../tls/prober/client-hello.ts'
import { catchDatagram, catchHello, insidePath, type Place } from '../convert/hello-catcher.ts'
import {
  CIPHER_NAMES,
  GROUP_NAMES,
  HASH_NAMES,
  KEY_EXCHANGE_NAMES,
  MAC_NAMES,
  SIGNATURE_NAMES,
} from './policy-names.ts'

const HEAD =
  'openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = system\n[system]\n'

export type Verdict = {
  /** What OpenSSL offers although the policy forbids it, and no rule says so. */
  readonly unannounced: readonly string[]
  /** What rules say that OpenSSL keeps, and it does not offer. */
  readonly falseAlarms: readonly string[]
  /** The suites of TLS 1.3 are told one by one, so that each is offered. */
  readonly missing: readonly string[]
  /** Whether OpenSSL offers anything that the policy forbids. */
  readonly isLooser: boolean
}

/** Something offered, and the names that the policy has for its parts. */
type Offered = { readonly what: string; readonly forbidden: readonly string[] }

/** @param release of the OpenSSL that is at the place, such as `3.0.17`. */
export async function judgeOpenssl(
  policy: Policy,
  place: Place,
  release: string,
): Promise<Verdict> {
  const hellos = await hellosUnder(opensslcnf.generate(policy), place)
  const effective = evaluatePolicy(policy, purpose('openssl').scopes)
  const excess = hellos.flatMap((hello) => findExcess(hello, policy, effective))
  const told = findLooseness(policy, { openssl: release })
    .filter(({ backend, id }) => backend === 'opensslcnf' && id !== 'openssl-key-sizes')
    .flatMap(({ kept }) => kept)
  const isTold = ({ forbidden }: Offered): boolean => forbidden.some((name) => told.includes(name))
  const found = new Set(excess.flatMap(({ forbidden }) => forbidden))
  return {
    isLooser: excess.length > 0,
    unannounced: excess.filter((one) => !isTold(one)).map(({ what }) => what),
    falseAlarms: told.filter((name) => !found.has(name) && isSeen(name, hellos)),
    missing: hellos.filter(isOfTls13).flatMap((hello) => missingTls13(hello, policy)),
  }
}

/** A client that offers TLS 1.2 at most does not tell how far down it goes. */
function isSeen(name: string, hellos: readonly Hello[]): boolean {
  const old = hellos.filter(({ versions }) => versions.length === 0)
  const newest = old.map(({ legacyVersion }) => findTlsVersion(legacyVersion)?.name ?? '')
  return !/^D?TLS|^SSL/.test(name) || !newest.some((known) => isOlder(name, known))
}

function isOlder(name: string, known: string): boolean {
  const family = (text: string) => text.startsWith('D')
  return family(name) === family(known) && (name.startsWith('SSL') || name < known)
}

function findExcess(hello: Hello, policy: Policy, effective: EffectivePolicy): readonly Offered[] {
  const { versions, suites, groups, signatureSchemes } = allowedByPolicy(policy, 'openssl')
  const isOff = (name: string): boolean =>
    !Object.values(effective.enabled).some((names) => (names as readonly string[]).includes(name))
  const beyond = (
    offered: readonly number[],
    allowed: readonly { readonly number: number }[],
    describe: (number: number) => Omit<Offered, 'forbidden'> & { names: readonly string[] },
  ): readonly Offered[] =>
    offered
      .filter((number) => !allowed.some((row) => row.number === number))
      .map(describe)
      .map(({ what, names }) => ({ what, forbidden: names.filter(isOff) }))
      .filter(({ forbidden }) => forbidden.length > 0)
  const offeredVersions = hello.versions.length > 0 ? hello.versions : [hello.legacyVersion]
  return [
    ...beyond(
      offeredVersions,
      versions,
      named((number) => findTlsVersion(number)?.name),
    ),
    ...beyond(hello.suites.filter(isSuite), suites, suiteParts),
    ...beyond(
      hello.groups,
      groups,
      named((number) => GROUP_NAMES[number] ?? findTlsGroup(number)?.name),
    ),
    ...beyond(
      hello.schemes,
      signatureSchemes,
      named((number) => SIGNATURE_NAMES[number]),
    ),
  ]
}

function named(nameOf: (number: number) => string | undefined) {
  return (number: number) => {
    const name = nameOf(number) ?? `0x${number.toString(16)}`
    return { what: name, names: [name] }
  }
}

/** Signals that are no suites (RFC 5746, RFC 7507). */
function isSuite(number: number): boolean {
  return number !== 0x00ff && number !== 0x5600
}

/** Suites of TLS 1.3 without encryption (RFC 9150). */
const CLEAR_SUITES: Readonly<Record<number, readonly string[]>> = {
  49332: ['NULL', 'HMAC-SHA2-256', 'SHA2-256'],
  49333: ['NULL', 'HMAC-SHA2-384', 'SHA2-384'],
}

function suiteParts(number: number) {
  const suite = findTlsSuite(number)
  const name = suite?.name ?? `0x${number.toString(16)}`
  return { what: name, names: suite ? partsOf(suite) : (CLEAR_SUITES[number] ?? [name]) }
}

function partsOf({ keyExchange, cipher, mac, prf }: TlsSuite): readonly string[] {
  const exchange = keyExchange === undefined ? [] : [KEY_EXCHANGE_NAMES[keyExchange] ?? keyExchange]
  return [
    ...exchange,
    CIPHER_NAMES[cipher] ?? cipher,
    MAC_NAMES[mac] ?? mac,
    HASH_NAMES[prf] ?? prf,
  ]
}

function missingTls13(hello: Hello, policy: Policy): readonly string[] {
  const { suites, versions } = allowedByPolicy(policy, 'openssl')
  const isTls13 = versions.some(({ name }) => name === 'TLS1.3')
  return suites
    .filter(
      ({ minimum, number }) => minimum === 'TLS1.3' && isTls13 && !hello.suites.includes(number),
    )
    .map(({ name }) => name)
}

/**
 * The hellos of clients of TLS and of DTLS. A client without a suite for its newest version gives up; one
 * without TLS 1.3 tells what servers would take then.
 */
async function hellosUnder(text: string, place: Place): Promise<readonly Hello[]> {
  await writeFile(join(place.folder, 'openssl.cnf'), `${HEAD}${text}`)
  const environment = { OPENSSL_CONF: insidePath(place, 'openssl.cnf') }
  const commandWith = (options: readonly string[]) => (port: number) => [
    ...['openssl', 's_client', '-psk', '00112233', ...options, '-connect', `127.0.0.1:${port}`],
  ]
  const streams = [
    await catchHello(place, commandWith([]), environment),
    await catchHello(place, commandWith(['-no_tls1_3']), environment),
  ]
  const datagram = await catchDatagram(place, commandWith(['-dtls']), environment)
  return [
    ...streams.filter(isHandshake).map(decodeClientHello),
    ...[datagram].filter(isHandshake).map(decodeDatagramHello),
  ]
}

function isOfTls13({ versions }: Hello): boolean {
  return versions.includes(0x0304)
}

/** A client that has nothing to offer sends an alert, or ends. */
function isHandshake(record: Buffer | undefined): record is Buffer {
  return record?.[0] === 0x16
}
