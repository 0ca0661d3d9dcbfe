/** What GnuTLS calls the algorithms, in configuration files and in priority strings alike. */
import type { CipherName } from '../algorithms/cipher.ts'
import type { GroupName } from '../algorithms/group.ts'
import type { KeyExchangeName } from '../algorithms/key-exchange.ts'
import type { MacName } from '../algorithms/mac.ts'
import type { ProtocolName } from '../algorithms/protocol.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import type { Words } from './translate.ts'

/**
 * The CBC suites with HMAC-SHA2-256 and HMAC-SHA2-384 are left out whatever the policy says: their
 * defence against Lucky Thirteen is in doubt (https://gitlab.com/gnutls/gnutls/-/issues/503).
 */
export const GNUTLS_MAC_WORDS: Words<MacName> = {
  AEAD: 'AEAD',
  'HMAC-SHA1': 'SHA1',
  'HMAC-MD5': 'MD5',
  'HMAC-SHA2-512': 'SHA512',
}

export const GNUTLS_GROUP_WORDS: Words<GroupName> = {
  X448: 'GROUP-X448',
  X25519: 'GROUP-X25519',
  SECP256R1: 'GROUP-SECP256R1',
  SECP384R1: 'GROUP-SECP384R1',
  SECP521R1: 'GROUP-SECP521R1',
  'FFDHE-2048': 'GROUP-FFDHE2048',
  'FFDHE-3072': 'GROUP-FFDHE3072',
  'FFDHE-4096': 'GROUP-FFDHE4096',
  'FFDHE-6144': 'GROUP-FFDHE6144',
  'FFDHE-8192': 'GROUP-FFDHE8192',
  'MLKEM768-X25519': 'GROUP-X25519-MLKEM768',
  'P256-MLKEM768': 'GROUP-SECP256R1-MLKEM768',
  'P384-MLKEM1024': 'GROUP-SECP384R1-MLKEM1024',
}

/** An ECDSA signature has one name for TLS 1.2 and, with the curve fixed, another for TLS 1.3. */
export const GNUTLS_SIGNATURE_WORDS: Words<SignatureName> = {
  'RSA-MD5': 'RSA-MD5',
  'RSA-SHA1': 'RSA-SHA1',
  'DSA-SHA1': 'DSA-SHA1',
  'ECDSA-SHA1': 'ECDSA-SHA1',
  'RSA-SHA2-224': 'RSA-SHA224',
  'DSA-SHA2-224': 'DSA-SHA224',
  'ECDSA-SHA2-224': 'ECDSA-SHA224',
  'RSA-SHA2-256': 'RSA-SHA256',
  'DSA-SHA2-256': 'DSA-SHA256',
  'ECDSA-SHA2-256': ['ECDSA-SHA256', 'ECDSA-SECP256R1-SHA256'],
  'RSA-SHA2-384': 'RSA-SHA384',
  'DSA-SHA2-384': 'DSA-SHA384',
  'ECDSA-SHA2-384': ['ECDSA-SHA384', 'ECDSA-SECP384R1-SHA384'],
  'RSA-SHA2-512': 'RSA-SHA512',
  'DSA-SHA2-512': 'DSA-SHA512',
  'ECDSA-SHA2-512': ['ECDSA-SHA512', 'ECDSA-SECP521R1-SHA512'],
  'RSA-PSS-SHA2-256': 'RSA-PSS-SHA256',
  'RSA-PSS-SHA2-384': 'RSA-PSS-SHA384',
  'RSA-PSS-SHA2-512': 'RSA-PSS-SHA512',
  'RSA-PSS-RSAE-SHA2-256': 'RSA-PSS-RSAE-SHA256',
  'RSA-PSS-RSAE-SHA2-384': 'RSA-PSS-RSAE-SHA384',
  'RSA-PSS-RSAE-SHA2-512': 'RSA-PSS-RSAE-SHA512',
  'RSA-SHA3-224': 'RSA-SHA3-224',
  'DSA-SHA3-224': 'DSA-SHA3-224',
  'ECDSA-SHA3-224': 'ECDSA-SHA3-224',
  'RSA-SHA3-256': 'RSA-SHA3-256',
  'DSA-SHA3-256': 'DSA-SHA3-256',
  'ECDSA-SHA3-256': 'ECDSA-SHA3-256',
  'RSA-SHA3-384': 'RSA-SHA3-384',
  'DSA-SHA3-384': 'DSA-SHA3-384',
  'ECDSA-SHA3-384': 'ECDSA-SHA3-384',
  'RSA-SHA3-512': 'RSA-SHA3-512',
  'DSA-SHA3-512': 'DSA-SHA3-512',
  'ECDSA-SHA3-512': 'ECDSA-SHA3-512',
  'EDDSA-ED448': 'EdDSA-Ed448',
  'EDDSA-ED25519': 'EdDSA-Ed25519',
  MLDSA44: 'ML-DSA-44',
  MLDSA65: 'ML-DSA-65',
  MLDSA87: 'ML-DSA-87',
}

export const GNUTLS_CIPHER_WORDS: Words<CipherName> = {
  'AES-256-GCM': 'AES-256-GCM',
  'AES-128-GCM': 'AES-128-GCM',
  'AES-256-CCM': 'AES-256-CCM',
  'AES-128-CCM': 'AES-128-CCM',
  'AES-256-CBC': 'AES-256-CBC',
  'AES-128-CBC': 'AES-128-CBC',
  'CAMELLIA-256-GCM': 'CAMELLIA-256-GCM',
  'CAMELLIA-128-GCM': 'CAMELLIA-128-GCM',
  'CAMELLIA-256-CBC': 'CAMELLIA-256-CBC',
  'CAMELLIA-128-CBC': 'CAMELLIA-128-CBC',
  'CHACHA20-POLY1305': 'CHACHA20-POLY1305',
  '3DES-CBC': '3DES-CBC',
  'RC4-128': 'ARCFOUR-128',
}

/**
 * Key exchange with pre-shared keys is left to the application: once enabled for all, clients ask
 * for an identity that they do not have (https://gitlab.com/gnutls/gnutls/-/issues/680).
 */
export const GNUTLS_KEY_EXCHANGE_WORDS: Words<KeyExchangeName> = {
  ECDHE: ['ECDHE-RSA', 'ECDHE-ECDSA'],
  RSA: 'RSA',
  'DHE-RSA': 'DHE-RSA',
  'DHE-DSS': 'DHE-DSS',
}

export const GNUTLS_VERSIONS: Words<ProtocolName> = {
  'SSL3.0': 'SSL3.0',
  'TLS1.0': 'TLS1.0',
  'TLS1.1': 'TLS1.1',
  'TLS1.2': 'TLS1.2',
  'TLS1.3': 'TLS1.3',
  'DTLS0.9': 'DTLS0.9',
  'DTLS1.0': 'DTLS1.0',
  'DTLS1.2': 'DTLS1.2',
}

/** The largest key size, in bits, that still calls for each profile. */
const PROFILES = [
  { upTo: 768, name: 'very_weak' },
  { upTo: 1024, name: 'low' },
  { upTo: 2048, name: 'medium' },
  { upTo: 3072, name: 'high' },
  { upTo: 8192, name: 'ultra' },
  { upTo: Number.POSITIVE_INFINITY, name: 'future' },
] as const

/**
 * The verification profile (GnuTLS manual, "Selecting cryptographic key sizes").
 * One profile covers RSA and Diffie-Hellman together, so the smaller of the two decides.
 */
export function gnutlsProfile({ integers }: EffectivePolicy): string {
  const size = Math.min(integers.min_dh_size, integers.min_rsa_size)
  return PROFILES.find(({ upTo }) => size <= upTo)?.name ?? 'future'
}
