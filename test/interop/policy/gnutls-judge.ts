/** Compares what a policy allows with what GnuTLS lists under the file that is written for it. */
import type { AllowedTls } from '../../../src/algorithms/allowed-tls.ts'
import { ALLOWED_LISTS, compareAllowed } from '../../../src/algorithms/compare-allowed.ts'
import { findTlsGroupByGnutlsName, type TlsGroup } from '../../../src/algorithms/tls-groups.ts'
import { canNegotiate, findTlsSuiteByName } from '../../../src/algorithms/tls-suites.ts'
import { TLS_VERSIONS } from '../../../src/algorithms/tls-versions.ts'
import { gnutls } from '../../../src/backends/gnutls.ts'
import { findLooseness } from '../../../src/backends/looseness/looseness.ts'
import { allowedByPolicy } from '../../../src/policy/allowed-by-policy.ts'
import { type Policy, parsePolicy } from '../../../src/policy/policy.ts'
import { findTlsSignatureScheme } from '../../algorithms/by-number.ts'
import { type Listing, listPriority } from '../../backends/gnutls-cli.ts'

/** Wire numbers of what GnuTLS 3.7.9 lists; ECDSA has a name for TLS 1.2 and one for TLS 1.3. */
const SCHEMES: Readonly<Record<string, number>> = {
  ...{ 'RSA-SHA1': 0x0201, 'DSA-SHA1': 0x0202, 'ECDSA-SHA1': 0x0203 },
  ...{ 'RSA-SHA256': 0x0401, 'RSA-SHA384': 0x0501, 'RSA-SHA512': 0x0601 },
  ...{ 'ECDSA-SHA256': 0x0403, 'ECDSA-SHA384': 0x0503, 'ECDSA-SHA512': 0x0603 },
  ...{ 'ECDSA-SECP256R1-SHA256': 0x0403, 'ECDSA-SECP384R1-SHA384': 0x0503 },
  ...{ 'ECDSA-SECP521R1-SHA512': 0x0603 },
  ...{ 'RSA-PSS-RSAE-SHA256': 0x0804, 'RSA-PSS-RSAE-SHA384': 0x0805 },
  ...{ 'RSA-PSS-RSAE-SHA512': 0x0806, 'EdDSA-Ed25519': 0x0807, 'EdDSA-Ed448': 0x0808 },
  ...{ 'RSA-PSS-SHA256': 0x0809, 'RSA-PSS-SHA384': 0x080a, 'RSA-PSS-SHA512': 0x080b },
}

/** What each profile asks of RSA keys: GnuTLS manual, "Selecting cryptographic key sizes". */
const PROFILES: Readonly<Record<string, number>> = {
  ...{ very_weak: 768, low: 1024, medium: 2048, high: 3072, ultra: 8192, future: 15360 },
}

/** Lines for later releases: 3.7.9 takes a name that it does not know for an error. */
export const NEWER = /^(.* = .*(MLKEM|ML-DSA).*|tls-session-hash = .*)\n/gm

/** What differs, in words. */
export function findGnutlsProblems(policy: Policy): readonly string[] {
  const text = gnutls.generate(policy)
  return [...findProblemsUnder(policy, text, '@SYSTEM'), ...sizeProblems(policy, text)]
}

/**
 * What differs where GnuTLS lists a string under a configuration file, in words.
 *
 * @param older The versions before TLS 1.2 that the string may name.
 */
export function findProblemsUnder(
  policy: Policy,
  text: string,
  priority: string,
  older: readonly string[] = ['SSL3.0', 'TLS1.0', 'TLS1.1'],
): readonly string[] {
  const listing = list(text.replaceAll(NEWER, ''), priority)
  const allowed = withoutGivenUp(policy, older)
  const expected = known(allowed)
  const isUsable = expected.versions.length > 0 && expected.suites.length > 0
  if (!listing.ok) return isUsable ? ['GnuTLS has nothing left'] : []
  const difference = compareAllowed(expected, readListing(listing, expected))
  return ALLOWED_LISTS.flatMap((list) => {
    const { extra, missing, reordering } = difference[list]
    return [
      ...extra.map((name) => `GnuTLS allows ${name}`),
      ...missing.map((name) => `GnuTLS lacks ${name}`),
      // Versions are offered by age, whatever their order in the file.
      ...(reordering && list !== 'versions' ? [`another order of ${list}`] : []),
    ]
  })
}

const listings = new Map<string, Listing>()

/** Most modules of the shipped policies leave the file as it is. */
function list(text: string, priority: string): Listing {
  const key = `${priority} ${text}`
  const known = listings.get(key) ?? listPriority(priority, text)
  listings.set(key, known)
  return known
}

/** Sizes are smaller only where the table of what cannot be said tells so. */
function sizeProblems(policy: Policy, text: string): readonly string[] {
  const bits = PROFILES[/^min-verification-profile = (.*)$/m.exec(text)?.[1] ?? ''] ?? 0
  const { rsa, dh } = allowedByPolicy(policy, 'gnutls').minimumKeySizes
  const isTold = findLooseness(policy).some(({ id }) => id === 'gnutls-key-sizes')
  return rsa > bits || dh > bits === isTold ? [] : [`profile of ${bits} for ${rsa} and ${dh}`]
}

/** GnuTLS has no SSL 3.0, and gives up versions that lack what it wants for them. */
function withoutGivenUp(policy: Policy, older: readonly string[]): AllowedTls {
  const allowed = allowedByPolicy(policy, 'gnutls')
  const { groups, signatureSchemes } = known(allowed)
  const names = allowed.versions.map(({ name }) => name)
  const isSigned = signatureSchemes.length > 0
  const hasOlder = older.some((name) => names.includes(name))
  const hasGap = hasOlder && !names.includes('TLS1.2')
  const givenUp = [
    'SSL3.0',
    ...(isSigned ? [] : ['TLS1.2', 'TLS1.3', 'DTLS1.2']),
    ...(groups.length === 0 || hasGap ? ['TLS1.3'] : []),
  ]
  if (!givenUp.some((name) => names.includes(name))) return allowed
  const change = givenUp.map((name) => `-${name}`).join(' ')
  const module = { name: 'GIVEN-UP', text: `protocol@gnutls = ${change}\n` }
  const { directives } = parsePolicy('GIVEN-UP', [module]).policy
  return allowedByPolicy({ ...policy, directives: [...policy.directives, ...directives] }, 'gnutls')
}

/**
 * What GnuTLS 3.7.9 has, and the file names: it has no ML-KEM; shared keys, anonymous exchanges, and CBC
 * with SHA-2 are withheld (gnutls-names.ts says why).
 */
function known(allowed: AllowedTls): AllowedTls {
  const suites = allowed.suites.filter(
    ({ keyExchange = '', cipher, mac }) =>
      !/PSK|ANON|VKO/.test(keyExchange) && !/^SHA(256|384)$/.test(mac) && cipher !== 'NULL',
  )
  return {
    ...allowed,
    suites,
    groups: usable(
      allowed.groups.filter(({ kind }) => kind === 'curve' || kind === 'finite-field'),
      { ...allowed, suites },
    ),
    signatureSchemes: allowed.signatureSchemes.filter(({ key }) => !/ml-dsa|gost/.test(key)),
  }
}

/** Before TLS 1.3 a group is there for the suites. */
function usable(
  groups: readonly TlsGroup[],
  { versions, suites }: Pick<AllowedTls, 'versions' | 'suites'>,
): readonly TlsGroup[] {
  if (versions.some(({ name }) => name === 'TLS1.3')) return groups
  const exchanges = suites.map(({ keyExchange = '' }) => keyExchange)
  return groups.filter(({ kind }) =>
    exchanges.some((name) => name.startsWith(kind === 'curve' ? 'ECDHE' : 'DHE')),
  )
}

/**
 * The listing names all that the lists hold: what no version can negotiate does not count, nor SSL 3.0,
 * which no build speaks.
 */
function readListing({ suites, classes }: Listing, { minimumKeySizes }: AllowedTls): AllowedTls {
  const namesOf = (title: string, prefix: string) =>
    (classes.get(title) ?? [])
      .filter((name) => name !== 'none')
      .map((name) => name.slice(prefix.length))
  const versions = namesOf('Protocols', 'VERS-')
    .flatMap((name) => TLS_VERSIONS.find((version) => version.name === name) ?? [])
    .filter(({ name }) => name !== 'SSL3.0')
  const live = suites
    .flatMap((name) => findTlsSuiteByName(name) ?? [])
    .filter((suite) => versions.some((version) => canNegotiate(suite, version)))
  const groups = namesOf('Groups', 'GROUP-').flatMap((name) => findTlsGroupByGnutlsName(name) ?? [])
  const numbers = namesOf('PK-signatures', 'SIGN-').flatMap((name) => SCHEMES[name] ?? [])
  const isSigning12 = versions.some(({ name }) => name !== 'TLS1.3')
  const schemes = [...new Set(numbers)].flatMap((number) => findTlsSignatureScheme(number) ?? [])
  return {
    versions,
    suites: live,
    groups: usable(groups, { versions, suites: live }),
    signatureSchemes:
      versions.length === 0 ? [] : schemes.filter(({ key }) => key !== 'dsa' || isSigning12),
    minimumKeySizes,
  }
}
