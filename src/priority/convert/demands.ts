/** What a priority string demands of a peer, beyond what it offers, and whether a library sees to it. */
import type { MinimumKeySizes } from '../../algorithms/allowed-tls.ts'
import { exchangeKind, takesCertificates } from '../../algorithms/handshake-needs.ts'
import type { Demands, Omission } from './dialect.ts'

/** What most libraries cannot be told to demand. */
export type Enforcement = {
  /** The keys that the library asks for with the settings that it gets. */
  readonly keySizes: MinimumKeySizes
  readonly extendedMasterSecret?: true
}

/** No key is ever that large: the library has no such keys. */
export const NEVER = Number.POSITIVE_INFINITY

/** Demands that the library does not see to, in words. */
export function findUnenforced(demands: Demands, enforcement: Enforcement): readonly string[] {
  const { evaluation, allowed } = demands
  const { options } = evaluation
  const isOld = allowed.versions.some(({ name }) => name !== 'TLS1.3')
  const hasBlocks = allowed.suites.some(({ cipher }) => cipher.endsWith('-CBC'))
  const needsSecret = options.requireExtendedMasterSecret && isOld
  return [
    ...weakKeys(demands, enforcement.keySizes),
    ...(needsSecret && !enforcement.extendedMasterSecret ? ['the extended master secret'] : []),
    ...(options.forceEncryptThenMac && hasBlocks ? ['encrypt-then-MAC with CBC ciphers'] : []),
    ...(options.renegotiation === 'safe' && isOld ? ['secure renegotiation (RFC 5746)'] : []),
    ...(options.certificateWildcards ? [] : ['certificates without wildcards']),
  ]
}

/** Keys that the string accepts and the settings do not. */
export function findRefusedKeys(demands: Demands, enforced: MinimumKeySizes): readonly Omission[] {
  return keysOf(demands, enforced)
    .filter(({ demanded, enforced }) => enforced > demanded)
    .map(({ name, demanded, enforced }) => ({
      kind: 'key size',
      name: `${name} from ${demanded} to ${enforced - 1} bits`,
      because: 'the security level that the profile needs refuses it',
    }))
}

function weakKeys(demands: Demands, enforced: MinimumKeySizes): readonly string[] {
  return keysOf(demands, enforced)
    .filter(({ demanded, enforced }) => enforced < demanded)
    .map(({ name, demanded }) => `${name} of at least ${demanded} bits`)
}

function keysOf({ evaluation, allowed }: Demands, enforced: MinimumKeySizes) {
  const { minimumKeySizes: demanded, signatureSchemes, suites } = allowed
  const hasDsa = takesCertificates(allowed) && signatureSchemes.some(({ key }) => key === 'dsa')
  const hasPrimes = suites.some((suite) => exchangeKind(suite) === 'finite-field')
  // Without a profile GnuTLS takes any certificate, and whatever more is asked for is a gain.
  const hasProfile = evaluation.profile !== undefined && takesCertificates(allowed)
  return [
    { name: 'RSA keys', isThere: hasProfile, demanded: demanded.rsa, enforced: enforced.rsa },
    { name: 'EC keys', isThere: hasProfile, demanded: demanded.ec, enforced: enforced.ec },
    { name: 'DSA keys', isThere: hasDsa, demanded: demanded.dsa, enforced: enforced.dsa },
    { name: 'DH primes', isThere: hasPrimes, demanded: demanded.dh, enforced: enforced.dh },
  ].filter(({ isThere }) => isThere)
}
