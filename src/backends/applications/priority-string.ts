/**
 * A policy as one GnuTLS priority string that begins with NONE and names everything
 * (GnuTLS manual, "Priority strings"). It means the same under an allowlist and without one.
 */
import type { CipherName } from '../../algorithms/cipher.ts'
import type { HashName } from '../../algorithms/hash.ts'
import type { MacName } from '../../algorithms/mac.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import { PRIORITY_OPTIONS } from '../../priority/options.ts'
import { type GnutlsRelease, isAvailable } from '../../priority/releases.ts'
import { findWord, vocabularyOf } from '../../priority/vocabulary.ts'
import {
  GNUTLS_CIPHERS,
  GNUTLS_GROUPS,
  GNUTLS_KEY_EXCHANGES,
  GNUTLS_MACS,
  GNUTLS_SIGNATURES,
  GNUTLS_VERSIONS,
  gnutlsProfile,
} from '../gnutls-names.ts'
import { translate, type Words } from '../translate.ts'

export type PriorityText = {
  readonly text: string
  /** Words for what the policy allows or asks for, that the release does not know. */
  readonly unknown: readonly string[]
}

export type PriorityTextOptions = {
  /** A word that the library does not know makes it refuse the whole string. */
  readonly release: GnutlsRelease
  readonly macs?: Words<MacName>
  /** The verification profile, as `%PROFILE_` names it. */
  readonly profile?: string
}

/** The ciphers whose suites derive keys with SHA-384; all others use SHA-256 (RFC 5288). */
const SHA384_CIPHERS: readonly CipherName[] = ['AES-256-GCM', 'CAMELLIA-256-GCM']

/** Writes what a policy enables, in its order. */
export function priorityText(
  effective: EffectivePolicy,
  { release, macs = GNUTLS_MACS, profile = gnutlsProfile(effective) }: PriorityTextOptions,
): PriorityText {
  const { enabled } = effective
  // No build speaks SSL 3.0; under an allowlist GnuTLS would give up TLS 1.3 for the gap after it.
  const versions = enabled.protocol.filter((name) => name !== 'SSL3.0')
  const ciphers = enabled.cipher.filter((name) => enabled.hash.includes(suiteHash(name)))
  const words = [
    ...plus('VERS-', translate(versions, GNUTLS_VERSIONS)),
    ...plus('', translate(enabled.mac, macs)),
    ...plus('', translate(enabled.group, GNUTLS_GROUPS)),
    ...plus('SIGN-', translate(enabled.sign, GNUTLS_SIGNATURES)),
    ...plus('', translate(ciphers, GNUTLS_CIPHERS)),
    ...plus('', translate(enabled.key_exchange, GNUTLS_KEY_EXCHANGES)),
    ...options(effective),
    `%PROFILE_${profile.toUpperCase().replaceAll(' ', '_')}`,
  ]
  const vocabulary = vocabularyOf(release)
  const isKnown = (word: string): boolean =>
    word.startsWith('%')
      ? PRIORITY_OPTIONS.some((row) => row.name === word.slice(1) && isAvailable(row, release))
      : findWord(vocabulary, word.slice(1)) !== undefined
  return {
    text: ['NONE', ...words.filter(isKnown)].join(':'),
    unknown: words.filter((word) => !isKnown(word)),
  }
}

function options({ integers, choices }: EffectivePolicy): readonly string[] {
  return [
    ...(integers.sha1_in_certs > 0 ? ['%VERIFY_ALLOW_SIGN_WITH_SHA1'] : []),
    ...(choices.__ems === 'ENFORCE' ? ['%FORCE_SESSION_HASH'] : []),
  ]
}

/** A priority string cannot turn off a hash, so a cipher goes with the hash of its suites. */
function suiteHash(cipher: CipherName): HashName {
  return SHA384_CIPHERS.includes(cipher) ? 'SHA2-384' : 'SHA2-256'
}

function plus(prefix: string, names: readonly string[]): readonly string[] {
  return names.map((name) => `+${prefix}${name}`)
}
