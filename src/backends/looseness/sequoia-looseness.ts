/** What Sequoia keeps by its files: it is told kinds of keys, hashes, ciphers and modes, each for itself. */
import type { SignatureName } from '../../algorithms/signature.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import type { LoosenessRule } from './looseness-rule.ts'

/** The words of the file that let a kind of key sign; RSA-PSS is not in OpenPGP (RFC 9580, section 9.1). */
const KEYS: Readonly<Record<string, RegExp>> = {
  RSA: /^rsa\d+ = "always"$/m,
  DSA: /^dsa\d+ = "always"$/m,
  ECDSA: /^nistp\d+ = "always"$/m,
}

/** A hash of the file by its name in signatures. */
const HASHES: Readonly<Record<string, string>> = {
  ...{ MD5: 'md5', SHA1: 'sha1', 'SHA2-224': 'sha224', 'SHA2-256': 'sha256' },
  ...{ 'SHA2-384': 'sha384', 'SHA2-512': 'sha512' },
  ...{ 'SHA3-256': 'sha3-256', 'SHA3-512': 'sha3-512' },
}

function isOn(text: string, word: string): boolean {
  return text.includes(`\n${word} = "always"\n`)
}

function keptSignatures({ disabled }: EffectivePolicy, text: string): readonly SignatureName[] {
  return disabled.sign.filter((name) => {
    const [, kind = '', hash = ''] = /^(RSA|DSA|ECDSA)-(.*)$/.exec(name) ?? []
    const word = HASHES[hash]
    return (
      word !== undefined && KEYS[kind]?.test(text) && isOn(text, `${word}.collision_resistance`)
    )
  })
}

/**
 * Packages are old: the shipped policies give RPM the hash SHA-1 and keys for DSA, and name one pair of them
 * where RPM takes all. That much is as it is meant.
 */
function isOfOldPackages(name: SignatureName, { enabled }: EffectivePolicy): boolean {
  return enabled.sign.includes('DSA-SHA1') && (name.startsWith('DSA-') || name.endsWith('-SHA1'))
}

function keptCiphers({ disabled }: EffectivePolicy, text: string): readonly string[] {
  return disabled.cipher.filter((name) => {
    const [, size = '', mode = ''] = /^AES-(128|256)-(EAX|OCB|GCM)$/.exec(name) ?? []
    return isOn(text, `aes${size}`) && isOn(text, mode.toLowerCase())
  })
}

function signatureRule(
  part: Pick<LoosenessRule, 'backend' | 'purpose' | 'who'>,
  isMeant: (name: SignatureName, effective: EffectivePolicy) => boolean,
): LoosenessRule {
  return {
    ...{ ...part, id: `${part.backend}-signatures` },
    because:
      'it is told kinds of keys, curves and hashes, and takes every pair of them; a curve is on for ECDSA where it is a group of the policy',
    remedy: 'forbid the hash, the curve or the kind of key altogether',
    find: (effective, text) =>
      keptSignatures(effective, text).filter((name) => !isMeant(name, effective)),
  }
}

const SEQUOIA = { backend: 'sequoia', purpose: 'sequoia', who: 'Sequoia' } as const
const RPM = { backend: 'rpm-sequoia', purpose: 'rpm', who: 'RPM' } as const

export const SEQUOIA_RULES: readonly LoosenessRule[] = [
  signatureRule(SEQUOIA, () => false),
  signatureRule(RPM, isOfOldPackages),
  {
    ...{ ...SEQUOIA, id: 'sequoia-aead' },
    because: 'it is told ciphers and modes of AEAD, and takes every pair of them',
    remedy: 'forbid the mode with all ciphers, or the cipher with all modes and with CFB',
    find: keptCiphers,
  },
]
