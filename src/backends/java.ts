/** Java: security properties that disable algorithms (java.security of OpenJDK). */
import type { CipherName } from '../algorithms/cipher.ts'
import type { GroupName } from '../algorithms/group.ts'
import type { HashName } from '../algorithms/hash.ts'
import type { KeyExchangeName } from '../algorithms/key-exchange.ts'
import type { MacName } from '../algorithms/mac.ts'
import type { ProtocolName } from '../algorithms/protocol.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'
import { defineBackend } from './backend.ts'
import { translate, type Words } from './translate.ts'

const HASHES: Words<HashName> = {
  MD5: 'MD5',
  SHA1: 'SHA1',
  'SHA2-224': 'SHA224',
  'SHA2-256': 'SHA256',
  'SHA2-384': 'SHA384',
  'SHA2-512': 'SHA512',
  'SHA3-256': 'SHA3_256',
  'SHA3-384': 'SHA3_384',
  'SHA3-512': 'SHA3_512',
}

const CIPHERS: Words<CipherName> = {
  'CHACHA20-POLY1305': 'ChaCha20-Poly1305',
  'AES-256-CBC': 'AES_256_CBC',
  'AES-128-CBC': 'AES_128_CBC',
  'AES-256-GCM': 'AES_256_GCM',
  'AES-128-GCM': 'AES_128_GCM',
  'AES-256-CCM': 'AES_256_CCM',
  'AES-128-CCM': 'AES_128_CCM',
  'RC4-128': 'RC4_128',
  'RC4-40': 'RC4_40',
  'RC2-CBC': 'RC2',
  'DES-CBC': 'DES_CBC',
  'DES40-CBC': 'DES40_CBC',
  '3DES-CBC': '3DES_EDE_CBC',
  NULL: ['anon', 'NULL'],
}

/** Ciphers that Java, where they are enabled, should use only as a last resort. */
const LEGACY_CIPHERS: Words<CipherName> = {
  'RC4-128': 'RC4_128',
  '3DES-CBC': '3DES_EDE_CBC',
}

/** `RSA` alone would disable RSA keys in certificates, so the suites are named one by one. */
const KEY_EXCHANGES: Words<KeyExchangeName> = {
  EXPORT: ['RSA_EXPORT', 'DHE_DSS_EXPORT', 'DHE_RSA_EXPORT', 'DH_DSS_EXPORT', 'DH_RSA_EXPORT'],
  DH: ['DH_RSA', 'DH_DSS'],
  ANON: ['DH_anon', 'ECDH_anon'],
  RSA: [
    'TLS_RSA_WITH_AES_256_CBC_SHA256',
    'TLS_RSA_WITH_AES_256_CBC_SHA',
    'TLS_RSA_WITH_AES_128_CBC_SHA256',
    'TLS_RSA_WITH_AES_128_CBC_SHA',
    'TLS_RSA_WITH_AES_256_GCM_SHA384',
    'TLS_RSA_WITH_AES_128_GCM_SHA256',
  ],
  'DHE-RSA': 'DHE_RSA',
  'DHE-DSS': 'DHE_DSS',
  ECDHE: 'ECDHE',
  ECDH: 'ECDH',
  'RSA-PSK': 'RSAPSK',
}

const GROUPS: Words<GroupName> = {
  X25519: 'x25519',
  SECP256R1: 'secp256r1',
  SECP384R1: 'secp384r1',
  SECP521R1: 'secp521r1',
  X448: 'x448',
  'FFDHE-2048': 'ffdhe2048',
  'FFDHE-3072': 'ffdhe3072',
  'FFDHE-4096': 'ffdhe4096',
  'FFDHE-6144': 'ffdhe6144',
  'FFDHE-8192': 'ffdhe8192',
  'BRAINPOOL-P256R1': 'brainpoolP256r1',
  'BRAINPOOL-P384R1': 'brainpoolP384r1',
  'BRAINPOOL-P512R1': 'brainpoolP512r1',
}

/** Curves that no policy can name: always off. */
const OTHER_CURVES: readonly string[] = [
  ...['secp112r1', 'secp112r2', 'secp128r1', 'secp128r2', 'secp160k1', 'secp160r1', 'secp160r2'],
  ...['secp192k1', 'secp192r1', 'secp224k1', 'secp224r1', 'secp256k1'],
  ...['sect113r1', 'sect113r2', 'sect131r1', 'sect131r2', 'sect163k1', 'sect163r1', 'sect163r2'],
  ...['sect193r1', 'sect193r2', 'sect233k1', 'sect233r1', 'sect239k1', 'sect283k1', 'sect283r1'],
  ...['sect409k1', 'sect409r1', 'sect571k1', 'sect571r1'],
  ...['X9.62 c2tnb191v1', 'X9.62 c2tnb191v2', 'X9.62 c2tnb191v3'],
  ...['X9.62 c2tnb239v1', 'X9.62 c2tnb239v2', 'X9.62 c2tnb239v3'],
  ...['X9.62 c2tnb359v1', 'X9.62 c2tnb431r1'],
  ...['X9.62 prime192v2', 'X9.62 prime192v3'],
  ...['X9.62 prime239v1', 'X9.62 prime239v2', 'X9.62 prime239v3'],
  'brainpoolP320r1',
]

const SIGNATURES: Words<SignatureName> = {
  'RSA-MD5': 'MD5withRSA',
  'RSA-SHA1': 'SHA1withRSA',
  'DSA-SHA1': 'SHA1withDSA',
  'ECDSA-SHA1': 'SHA1withECDSA',
  'RSA-SHA2-224': 'SHA224withRSA',
  'DSA-SHA2-224': 'SHA224withDSA',
  'ECDSA-SHA2-224': 'SHA224withECDSA',
  'RSA-SHA2-256': 'SHA256withRSA',
  'DSA-SHA2-256': 'SHA256withDSA',
  'ECDSA-SHA2-256': 'SHA256withECDSA',
  'RSA-SHA2-384': 'SHA384withRSA',
  'DSA-SHA2-384': 'SHA384withDSA',
  'ECDSA-SHA2-384': 'SHA384withECDSA',
  'RSA-SHA2-512': 'SHA512withRSA',
  'DSA-SHA2-512': 'SHA512withDSA',
  'ECDSA-SHA2-512': 'SHA512withECDSA',
  'EDDSA-ED25519': 'Ed25519',
  'EDDSA-ED448': 'Ed448',
  'RSA-PSS-SHA1': 'SHA1withRSAandMGF1',
  'RSA-PSS-SHA2-224': 'SHA224withRSAandMGF1',
  'RSA-PSS-SHA2-256': 'SHA256withRSAandMGF1',
  'RSA-PSS-SHA2-384': 'SHA384withRSAandMGF1',
  'RSA-PSS-SHA2-512': 'SHA512withRSAandMGF1',
}

/**
 * Signatures that no policy can name: always off. The third is two names run together, as in every
 * configuration published so far; it matches nothing, and stays for identity with them (LINT_JAVA_FUSED_NAME
 * tells).
 */
const OTHER_SIGNATURES: readonly string[] = [
  'MD2',
  'MD5withDSA',
  'MD5withECDSARIPEMD160withRSA',
  'RIPEMD160withECDSA',
  'RIPEMD160withRSAandMGF1',
]

/**
 * TLS 1.3 and DTLS 1.2 are never listed, as in every configuration published so far: a policy
 * that leaves them out does not turn them off in Java.
 */
const PROTOCOLS: Words<ProtocolName> = {
  'SSL2.0': 'SSLv2',
  'SSL3.0': 'SSLv3',
  'TLS1.0': 'TLSv1',
  'TLS1.1': 'TLSv1.1',
  'TLS1.2': 'TLSv1.2',
  'DTLS1.0': 'DTLSv1.0',
}

const MACS: Words<MacName> = {
  'HMAC-MD5': 'HmacMD5',
  'HMAC-SHA1': 'HmacSHA1',
  'HMAC-SHA2-256': 'HmacSHA256',
  'HMAC-SHA2-384': 'HmacSHA384',
  'HMAC-SHA2-512': 'HmacSHA512',
}

const KEY_SIZES = [
  { key: 'RSA', property: 'min_rsa_size' },
  { key: 'DSA', property: 'min_dsa_size' },
  { key: 'DH', property: 'min_dh_size' },
  { key: 'EC', property: 'min_ec_size' },
] as const

export const java = defineBackend({
  name: 'java',
  title: 'Java',
  purposes: ['java-tls'],
  print: ({ 'java-tls': effective }) => {
    const { enabled, disabled } = effective
    return [
      property('jdk.certpath.disabledAlgorithms', disabledInCertificates(effective)),
      property('jdk.tls.disabledAlgorithms', disabledInTls(effective)),
      property('jdk.disabled.namedCurves', [...translate(disabled.group, GROUPS), ...OTHER_CURVES]),
      property('jdk.tls.legacyAlgorithms', translate(enabled.cipher, LEGACY_CIPHERS)),
      '',
    ].join('\n')
  },
})

function property(name: string, values: readonly string[]): string {
  return `${name}=${values.join(', ')}`
}

function disabledInCertificates(effective: EffectivePolicy): readonly string[] {
  return [...disabledEverywhere(effective), ...translate(effective.disabled.hash, HASHES)]
}

function disabledInTls(effective: EffectivePolicy): readonly string[] {
  const { disabled } = effective
  return [
    ...disabledEverywhere(effective),
    // TLS does not look at the curves' own list by itself: JDK-8236730.
    'include jdk.disabled.namedCurves',
    ...translate(disabled.protocol, PROTOCOLS),
    ...translate(disabled.key_exchange, KEY_EXCHANGES),
    ...translate(disabled.cipher, CIPHERS),
    ...translate(disabled.mac, MACS),
  ]
}

function disabledEverywhere(effective: EffectivePolicy): readonly string[] {
  return [
    ...OTHER_SIGNATURES,
    ...translate(effective.disabled.sign, SIGNATURES),
    ...KEY_SIZES.map(({ key, property }) => keySize(key, effective.integers[property])),
  ]
}

/** Without a size every key of that type is off. */
function keySize(key: string, size: number): string {
  return size > 0 ? `${key} keySize < ${size}` : key
}
