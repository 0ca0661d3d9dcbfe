/** Which algorithms a configuration forbids to every priority string, and which entry says so. */

import { TLS_VERSIONS } from '../algorithms/tls-versions.ts'
import { memoize } from '../cache/memoize.ts'
import { GNUTLS_CURVES, GNUTLS_HASHES, GNUTLS_SIGNATURES } from './gnutls-algorithms.ts'
import type { OverrideClass } from './override-keys.ts'
import { isAvailable } from './releases.ts'
import type { ConfigEntry } from './system-config.ts'
import type { Override, SystemRules } from './system-rules.ts'

/**
 * Why something is forbidden: the entry that forbids it; an allowlist that does not name it; or
 * the library itself.
 */
export type Prohibition = ConfigEntry | 'not on the allowlist' | 'built in'

/** Prohibited names by class, each with its reason. */
export type AlgorithmRules = {
  /** Names of curves; the words that name them are then unknown, the groups on them unusable. */
  readonly curves: ReadonlyMap<string, Prohibition>
  /** Names of hashes; cipher suites that derive keys with them are left out. */
  readonly hashes: ReadonlyMap<string, Prohibition>
  readonly signatures: ReadonlyMap<string, Prohibition>
  /** Names of signature algorithms that certificates may not bear. */
  readonly certificateSignatures: ReadonlyMap<string, Prohibition>
  readonly protocols: ReadonlyMap<string, Prohibition>
  readonly ciphers: ReadonlyMap<string, Prohibition>
  readonly macs: ReadonlyMap<string, Prohibition>
  readonly groups: ReadonlyMap<string, Prohibition>
  readonly keyExchanges: ReadonlyMap<string, Prohibition>
}

type Prohibitions = ReadonlyMap<string, Prohibition>

/** GnuTLS drops a longer list of these classes whole, and leaves the class as it is built. */
const MAX_MARKED = 127

const NONE: Prohibitions = new Map()

/** Derives the prohibitions from a file's rules. */
export const algorithmRules = memoize(
  (rules: SystemRules): AlgorithmRules =>
    rules.mode === 'allowlist' ? fromAllowlist(rules) : fromBlocklist(rules),
)

function fromBlocklist(rules: SystemRules): AlgorithmRules {
  const hashes = new Map([...builtInHashes(), ...named(rules, 'hashes')])
  const signatures = [...builtInSignatures(['always']), ...named(rules, 'signatures')]
  const certificates = [
    ...builtInSignatures(['always', 'certificates']),
    ...signatures,
    ...named(rules, 'certificateSignatures'),
  ]
  return {
    hashes,
    signatures: withHashes(rules, signatures, hashes),
    certificateSignatures: withHashes(rules, certificates, hashes),
    curves: new Map(named(rules, 'curves')),
    protocols: new Map([...builtInProtocols(), ...named(rules, 'protocols')]),
    ciphers: new Map(named(rules, 'ciphers')),
    macs: new Map(named(rules, 'macs')),
    groups: new Map(named(rules, 'groups')),
    keyExchanges: new Map(named(rules, 'keyExchanges')),
  }
}

/**
 * An allowlist builds the string of @SYSTEM, but any other string may name what it leaves out:
 * only hashes and curves are then out of reach. Signatures and protocols count as switched off
 * for the moment, which GnuTLS does not hold against a string that names them.
 */
function fromAllowlist(rules: SystemRules): AlgorithmRules {
  const marked = isMarked(rules, 'hashes')
  const hashes = marked ? unnamed(rules, 'hashes', GNUTLS_HASHES) : new Map(builtInHashes())
  const signed = isMarked(rules, 'signatures') && isMarked(rules, 'certificateSignatures')
  const signatures = signed ? [] : builtInSignatures(['always'])
  return {
    hashes,
    signatures: withHashes(rules, signatures, marked ? NONE : hashes),
    certificateSignatures: withHashes(rules, allowedCertificates(rules, signed), hashes),
    curves: isMarked(rules, 'curves') ? unnamed(rules, 'curves', GNUTLS_CURVES) : NONE,
    protocols: isMarked(rules, 'protocols') ? NONE : new Map(builtInProtocols()),
    ciphers: NONE,
    macs: NONE,
    groups: NONE,
    keyExchanges: NONE,
  }
}

function allowedCertificates(rules: SystemRules, marked: boolean): Iterable<[string, Prohibition]> {
  if (!marked) return builtInSignatures(['always', 'certificates'])
  return unnamed(rules, 'certificateSignatures', GNUTLS_SIGNATURES)
}

function isMarked(rules: SystemRules, name: OverrideClass): boolean {
  return rules.overrides[name].length <= MAX_MARKED
}

function named(rules: SystemRules, name: OverrideClass): [string, Prohibition][] {
  const overrides: readonly Override[] = rules.overrides[name]
  return overrides.map(({ row, entry }) => [row.name, entry])
}

function unnamed(
  rules: SystemRules,
  name: OverrideClass,
  rows: readonly { readonly name: string }[],
): Prohibitions {
  const allowed = new Set(named(rules, name).map(([row]) => row))
  const others = rows.filter((row) => !allowed.has(row.name))
  return new Map(others.map((row) => [row.name, 'not on the allowlist']))
}

function builtInHashes(): [string, Prohibition][] {
  return GNUTLS_HASHES.filter((row) => row.insecure).map((row) => [row.name, 'built in'])
}

function builtInSignatures(
  reasons: readonly ('always' | 'certificates')[],
): [string, Prohibition][] {
  const rows = GNUTLS_SIGNATURES.filter((row) => row.insecure && reasons.includes(row.insecure))
  return rows.map((row) => [row.name, 'built in'])
}

/** No distributor builds SSL 3.0 any more (RFC 7568). */
function builtInProtocols(): [string, Prohibition][] {
  return TLS_VERSIONS.filter(({ name }) => name === 'SSL3.0').map((row) => [row.name, 'built in'])
}

/** Adds the signatures whose hash is forbidden. */
function withHashes(
  rules: SystemRules,
  signatures: Iterable<[string, Prohibition]>,
  hashes: Prohibitions,
): Prohibitions {
  const result = new Map(signatures)
  for (const { name, hash, ...row } of GNUTLS_SIGNATURES) {
    const prohibition = hash && hashes.get(hash)
    if (prohibition && isAvailable(row, rules.release)) result.set(name, prohibition)
  }
  return result
}
