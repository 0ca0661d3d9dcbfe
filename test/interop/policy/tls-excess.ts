/** What a ClientHello offers beyond a policy, by the names that policies have for it. */
import { findTlsGroup } from '../../../src/algorithms/tls-groups.ts'
import {
  findTlsSuite,
  findTlsSuiteByName,
  type TlsSuite,
} from '../../../src/algorithms/tls-suites.ts'
import { suiteName } from '../../../src/audit/messages/iana-suites.ts'
import { allowedByPolicy } from '../../../src/policy/allowed-by-policy.ts'
import { evaluatePolicy } from '../../../src/policy/effective-policy.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import { purpose, type TlsPurpose } from '../../../src/policy/scope.ts'
import { findTlsVersion } from '../../algorithms/by-number.ts'
import type { Hello } from '../../tls/prober/client-hello.ts'
import {
  CIPHER_NAMES,
  GROUP_NAMES,
  HASH_NAMES,
  KEY_EXCHANGE_NAMES,
  MAC_NAMES,
  SIGNATURE_NAMES,
} from './policy-names.ts'

/** Something offered, and the names that the policy has for its parts. */
export type Offered = { readonly what: string; readonly forbidden: readonly string[] }

/** What a client offers although the policy forbids it for a purpose. */
export function findExcess(
  hello: Hello,
  policy: Policy,
  purposeName: TlsPurpose,
): readonly Offered[] {
  const effective = evaluatePolicy(policy, purpose(purposeName).scopes)
  const { versions, suites, groups, signatureSchemes } = allowedByPolicy(policy, purposeName)
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
  const suite = findTlsSuite(number) ?? findFixed(number)
  const name = suiteName(number)
  return { what: name, names: suite ? partsOf(suite) : (CLEAR_SUITES[number] ?? [name]) }
}

/** A suite with a fixed key on a curve, which GnuTLS does not have: but for the exchange as one that has it. */
function findFixed(number: number): TlsSuite | undefined {
  const [, rest] = /^TLS_ECDH_((?:RSA|ECDSA)_.*)$/.exec(suiteName(number)) ?? []
  const twin = rest === undefined ? undefined : findTlsSuiteByName(`TLS_ECDHE_${rest}`)
  return twin && { ...twin, keyExchange: 'ECDH' }
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
