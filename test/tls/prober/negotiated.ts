/** What an endpoint was seen to negotiate, and how that differs from what a string allows. */
import type { AllowedTls } from '../../../src/algorithms/allowed-tls.ts'
import { canSign, canSignFor } from '../../../src/algorithms/handshake-needs.ts'
import { findTlsGroup } from '../../../src/algorithms/tls-groups.ts'
import type { TlsSignatureScheme } from '../../../src/algorithms/tls-signatures.ts'
import { canNegotiate, findTlsSuite } from '../../../src/algorithms/tls-suites.ts'
import type { TlsSettings } from '../../../src/tls/tls-options.ts'
import { findTlsSignatureScheme, findTlsVersion } from '../../algorithms/by-number.ts'

/** Wire numbers by version: what is allowed in one may not be in another. */
export type Seen = {
  readonly suites: Set<number>
  readonly groups: Set<number>
  readonly schemes: Set<number>
  /** Sizes of primes of exchanges without a named group. */
  readonly primes: Set<number>
}

export type Negotiated = Map<number, Seen>

export function seenIn(negotiated: Negotiated, version: number): Seen {
  const seen = negotiated.get(version) ?? {
    suites: new Set(),
    groups: new Set(),
    schemes: new Set(),
    primes: new Set(),
  }
  negotiated.set(version, seen)
  return seen
}

/** Everything negotiated that is not allowed, in words; empty where nothing is. */
export function findLooser(negotiated: Negotiated, allowed: AllowedTls): readonly string[] {
  return [...negotiated].flatMap(([number, seen]) => {
    const version = findTlsVersion(number)
    if (!version || !allowed.versions.includes(version)) return [`version ${hex(number)}`]
    const { suites, groups, signatureSchemes: schemes, minimumKeySizes } = allowed
    const badSuites = [...seen.suites].filter((value) => {
      const suite = findTlsSuite(value)
      return !suite || !suites.includes(suite) || !canNegotiate(suite, version)
    })
    const badGroups = [...seen.groups].filter((value) => !has(groups, findTlsGroup(value)))
    const badSchemes = [...seen.schemes].filter(
      (value) => !has(schemes, findTlsSignatureScheme(value)),
    )
    const badPrimes = [...seen.primes].filter(
      (bits) =>
        bits < minimumKeySizes.dh ||
        !groups.some((group) => group.kind === 'finite-field' && group.bits === bits),
    )
    return [
      ...badSuites.map((value) => `suite ${hex(value)} in ${version.name}`),
      ...badGroups.map((value) => `group ${hex(value)} in ${version.name}`),
      ...badSchemes.map((value) => `signature ${hex(value)} in ${version.name}`),
      ...badPrimes.map((bits) => `prime of ${bits} bits in ${version.name}`),
    ]
  })
}

/**
 * Everything that settings promise and that was never negotiated, in words. Signature schemes of
 * clients' certificates are not seen from outside.
 */
export function findMissing(negotiated: Negotiated, settings: TlsSettings): readonly string[] {
  const { allowed: promised, role } = settings
  const seen = [...negotiated.values()]
  const numbers = (pick: (seen: Seen) => Set<number>): Set<number> =>
    new Set(seen.flatMap((one) => [...pick(one)]))
  const primes = numbers((one) => one.primes)
  const lack = (items: readonly Numbered[], there: ReadonlySet<number>): readonly string[] =>
    items.filter(({ number }) => !there.has(number)).map(({ name }) => name)
  return [
    ...lack(promised.versions, new Set(negotiated.keys())),
    ...lack(
      promised.suites,
      numbers((one) => one.suites),
    ),
    ...lack(
      hidesGroups(settings) ? [] : promised.groups,
      numbers((one) => one.groups),
    ).filter((name) => !primes.has(Number(/^ffdhe(\d+)$/.exec(name)?.[1]))),
    ...lack(
      promised.signatureSchemes.filter(
        (scheme) => role === 'client' || isSigning(scheme, promised),
      ),
      numbers((one) => one.schemes),
    ),
  ]
}

/** Whether servers use a scheme: in TLS 1.3 always, before it in suites whose exchange is signed. */
function isSigning(scheme: TlsSignatureScheme, { versions, suites }: AllowedTls): boolean {
  if (canSign(scheme, 'tls1.3') && versions.some(({ name }) => name === 'TLS1.3')) return true
  return suites.some(
    (suite) => /DHE-(RSA|ECDSA|DSS)$/.test(suite.keyExchange ?? '') && canSignFor(suite, scheme),
  )
}

/** A server that prefers its own order keeps to the groups of its ECDSA keys before TLS 1.3. */
function hidesGroups({ role, options, allowed }: TlsSettings): boolean {
  const isOld = allowed.versions.every(({ name }) => name !== 'TLS1.3')
  return role === 'server' && isOld && options.honorCipherOrder === true
}

type Numbered = { readonly number: number; readonly name: string }

function has<Item>(items: readonly Item[], item: Item | undefined): boolean {
  return item !== undefined && items.includes(item)
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`
}
