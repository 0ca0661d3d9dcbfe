/** The algorithms that GnuTLS knows by name, with the releases that have them. */
import { findTlsGroupByGnutlsName, TLS_GROUPS, type TlsGroup } from '../algorithms/tls-groups.ts'
import type { TlsSignatureSchemeName } from '../algorithms/tls-signatures.ts'
import type { SignatureSemantics } from '../algorithms/tls-versions.ts'
import type { Availability, GnutlsRelease } from './releases.ts'

export type GnutlsCipher = Availability & {
  readonly name: string
  /** Still a word of the language, but no longer a cipher: naming it changes nothing. */
  readonly withdrawn?: true
}

export const GNUTLS_CIPHERS: readonly GnutlsCipher[] = [
  { name: 'AES-256-CBC' },
  { name: 'AES-192-CBC' },
  { name: 'AES-128-CBC' },
  { name: 'AES-128-GCM' },
  { name: 'AES-192-GCM' },
  { name: 'AES-256-GCM' },
  { name: 'AES-128-CCM' },
  { name: 'AES-256-CCM' },
  { name: 'AES-128-CCM-8' },
  { name: 'AES-256-CCM-8' },
  { name: 'ARCFOUR-128' },
  { name: 'ESTREAM-SALSA20-256' },
  { name: 'SALSA20-256' },
  { name: 'CHACHA20-32' },
  { name: 'CHACHA20-64' },
  { name: 'CAMELLIA-256-CBC' },
  { name: 'CAMELLIA-192-CBC' },
  { name: 'CAMELLIA-128-CBC' },
  { name: 'CHACHA20-POLY1305' },
  { name: 'CAMELLIA-128-GCM' },
  { name: 'CAMELLIA-256-GCM' },
  { name: 'GOST28147-TC26Z-CFB' },
  { name: 'GOST28147-CPA-CFB' },
  { name: 'GOST28147-CPB-CFB' },
  { name: 'GOST28147-CPC-CFB' },
  { name: 'GOST28147-CPD-CFB' },
  { name: 'AES-128-CFB8' },
  { name: 'AES-192-CFB8' },
  { name: 'AES-256-CFB8' },
  { name: 'AES-128-CFB', since: '3.8.13' },
  { name: 'AES-192-CFB', since: '3.8.13' },
  { name: 'AES-256-CFB', since: '3.8.13' },
  { name: 'AES-128-XTS' },
  { name: 'AES-256-XTS' },
  { name: 'AES-128-SIV' },
  { name: 'AES-256-SIV' },
  { name: 'AES-128-SIV-GCM', since: '3.8.9' },
  { name: 'AES-256-SIV-GCM', since: '3.8.9' },
  { name: 'GOST28147-TC26Z-CNT' },
  { name: 'MAGMA-CTR-ACPKM' },
  { name: 'KUZNYECHIK-CTR-ACPKM' },
  { name: '3DES-CBC' },
  { name: 'DES-CBC' },
  { name: 'ARCFOUR-40', withdrawn: true },
  { name: 'RC2-40' },
  { name: 'NULL' },
]

export type GnutlsMac = Availability & { readonly name: string }

export const GNUTLS_MACS: readonly GnutlsMac[] = [
  { name: 'SHA1' },
  { name: 'SHA256' },
  { name: 'SHA384' },
  { name: 'SHA512' },
  { name: 'SHA224' },
  { name: 'UMAC-96' },
  { name: 'UMAC-128' },
  { name: 'AEAD' },
  { name: 'MD5' },
  { name: 'GOSTR341194' },
  { name: 'STREEBOG-256' },
  { name: 'STREEBOG-512' },
  { name: 'AES-CMAC-128' },
  { name: 'AES-CMAC-256' },
  { name: 'AES-GMAC-128' },
  { name: 'AES-GMAC-192' },
  { name: 'AES-GMAC-256' },
  { name: 'GOST28147-TC26Z-IMIT' },
  { name: 'OMAC-MAGMA' },
  { name: 'OMAC-KUZNYECHIK' },
  { name: 'PBMAC1', since: '3.8.9' },
]

export type GnutlsHash = Availability & {
  readonly name: string
  /** Refused unless an allowlist names it. */
  readonly insecure?: true
}

export const GNUTLS_HASHES: readonly GnutlsHash[] = [
  { name: 'SHA1' },
  { name: 'SHA256' },
  { name: 'SHA384' },
  { name: 'SHA512' },
  { name: 'SHA224' },
  { name: 'SHA3-256' },
  { name: 'SHA3-384' },
  { name: 'SHA3-512' },
  { name: 'SHA3-224' },
  { name: 'MD5', insecure: true },
  { name: 'MD2', insecure: true },
  { name: 'RIPEMD160' },
  { name: 'GOSTR341194', insecure: true },
  { name: 'STREEBOG-256' },
  { name: 'STREEBOG-512' },
  { name: 'SHAKE-128' },
  { name: 'SHAKE-256' },
]

/** What a key exchange asks of the other lists. */
export type KeyExchangeTrait = 'curve' | 'finite-field' | 'psk' | 'not-tls1.3'

export type GnutlsKeyExchange = Availability & {
  readonly name: string
  readonly traits: readonly KeyExchangeTrait[]
  /** Still a word of the language, but no longer a key exchange. */
  readonly withdrawn?: true
}

/** `not-tls1.3`: TLS 1.3 cannot negotiate it, and GnuTLS gives up TLS 1.3 for it. */
export const GNUTLS_KEY_EXCHANGES: readonly GnutlsKeyExchange[] = [
  { name: 'ECDHE-RSA', traits: ['curve'] },
  { name: 'ECDHE-ECDSA', traits: ['curve'] },
  { name: 'RSA', traits: [] },
  { name: 'DHE-RSA', traits: ['finite-field'] },
  { name: 'DHE-DSS', traits: ['finite-field'] },
  { name: 'PSK', traits: ['psk'] },
  { name: 'RSA-PSK', traits: ['not-tls1.3'] },
  { name: 'DHE-PSK', traits: ['finite-field', 'psk'] },
  { name: 'ECDHE-PSK', traits: ['curve', 'psk'] },
  { name: 'SRP-DSS', traits: ['not-tls1.3'], feature: 'srp' },
  { name: 'SRP-RSA', traits: ['not-tls1.3'], feature: 'srp' },
  { name: 'SRP', traits: ['not-tls1.3'], feature: 'srp' },
  { name: 'ANON-DH', traits: ['finite-field'] },
  { name: 'ANON-ECDH', traits: ['curve'] },
  { name: 'VKO-GOST-12', traits: ['curve'] },
  { name: 'RSA-EXPORT', traits: [], withdrawn: true },
]

export type GnutlsSignature = Availability & {
  readonly name: string
  /** Undefined where the caller hashes. */
  readonly hash?: string
  /** What the wire carries; undefined where TLS cannot say it. */
  readonly scheme?: TlsSignatureSchemeName
  /** The versions in which the name means that scheme. */
  readonly semantics?: readonly SignatureSemantics[]
  /** The first release in which TLS can say it, where that is later than `since`. */
  readonly schemeSince?: GnutlsRelease
  /** Refused unless an allowlist names it: everywhere, or in certificates only. */
  readonly insecure?: 'always' | 'certificates'
}

const ANY = ['tls1.2', 'tls1.3'] as const
const TLS12 = ['tls1.2'] as const
const TLS13 = ['tls1.3'] as const

/**
 * `ECDSA-SHA256` and `ECDSA-SECP256R1-SHA256` share a number: TLS 1.2 reads it as any curve with
 * that hash, TLS 1.3 as that curve (RFC 8446 section 4.2.3).
 */
export const GNUTLS_SIGNATURES: readonly GnutlsSignature[] = [
  { name: 'RSA-SHA256', hash: 'SHA256', scheme: 'rsa_pkcs1_sha256', semantics: ANY },
  { name: 'RSA-SHA384', hash: 'SHA384', scheme: 'rsa_pkcs1_sha384', semantics: ANY },
  { name: 'RSA-SHA512', hash: 'SHA512', scheme: 'rsa_pkcs1_sha512', semantics: ANY },
  { name: 'RSA-PSS-SHA256', hash: 'SHA256', scheme: 'rsa_pss_pss_sha256', semantics: ANY },
  { name: 'RSA-PSS-RSAE-SHA256', hash: 'SHA256', scheme: 'rsa_pss_rsae_sha256', semantics: ANY },
  { name: 'RSA-PSS-SHA384', hash: 'SHA384', scheme: 'rsa_pss_pss_sha384', semantics: ANY },
  { name: 'RSA-PSS-RSAE-SHA384', hash: 'SHA384', scheme: 'rsa_pss_rsae_sha384', semantics: ANY },
  { name: 'RSA-PSS-SHA512', hash: 'SHA512', scheme: 'rsa_pss_pss_sha512', semantics: ANY },
  { name: 'RSA-PSS-RSAE-SHA512', hash: 'SHA512', scheme: 'rsa_pss_rsae_sha512', semantics: ANY },
  { name: 'EdDSA-Ed25519', hash: 'SHA512', scheme: 'ed25519', semantics: ANY },
  { name: 'EdDSA-Ed448', hash: 'SHAKE-256', scheme: 'ed448', semantics: ANY },
  { name: 'ECDSA-SHA256', hash: 'SHA256', scheme: 'ecdsa_secp256r1_sha256', semantics: TLS12 },
  { name: 'ECDSA-SHA384', hash: 'SHA384', scheme: 'ecdsa_secp384r1_sha384', semantics: TLS12 },
  { name: 'ECDSA-SHA512', hash: 'SHA512', scheme: 'ecdsa_secp521r1_sha512', semantics: TLS12 },
  {
    name: 'ECDSA-SECP256R1-SHA256',
    hash: 'SHA256',
    scheme: 'ecdsa_secp256r1_sha256',
    semantics: TLS13,
  },
  {
    name: 'ECDSA-SECP384R1-SHA384',
    hash: 'SHA384',
    scheme: 'ecdsa_secp384r1_sha384',
    semantics: TLS13,
  },
  {
    name: 'ECDSA-SECP521R1-SHA512',
    hash: 'SHA512',
    scheme: 'ecdsa_secp521r1_sha512',
    semantics: TLS13,
  },
  { name: 'ECDSA-SHA3-224', hash: 'SHA3-224' },
  { name: 'ECDSA-SHA3-256', hash: 'SHA3-256' },
  { name: 'ECDSA-SHA3-384', hash: 'SHA3-384' },
  { name: 'ECDSA-SHA3-512', hash: 'SHA3-512' },
  { name: 'RSA-SHA3-224', hash: 'SHA3-224' },
  { name: 'RSA-SHA3-256', hash: 'SHA3-256' },
  { name: 'RSA-SHA3-384', hash: 'SHA3-384' },
  { name: 'RSA-SHA3-512', hash: 'SHA3-512' },
  { name: 'DSA-SHA3-224', hash: 'SHA3-224' },
  { name: 'DSA-SHA3-256', hash: 'SHA3-256' },
  { name: 'DSA-SHA3-384', hash: 'SHA3-384' },
  { name: 'DSA-SHA3-512', hash: 'SHA3-512' },
  { name: 'RSA-RAW' },
  {
    name: 'RSA-SHA1',
    hash: 'SHA1',
    scheme: 'rsa_pkcs1_sha1',
    semantics: ANY,
    insecure: 'certificates',
  },
  { name: 'RSA-SHA224', hash: 'SHA224' },
  { name: 'RSA-RMD160', hash: 'RIPEMD160', insecure: 'certificates' },
  {
    name: 'DSA-SHA1',
    hash: 'SHA1',
    scheme: 'dsa_sha1',
    semantics: TLS12,
    insecure: 'certificates',
  },
  { name: 'DSA-SHA224', hash: 'SHA224' },
  { name: 'DSA-SHA256', hash: 'SHA256' },
  { name: 'RSA-MD5', hash: 'MD5', insecure: 'always' },
  { name: 'RSA-MD2', hash: 'MD2', insecure: 'always' },
  {
    name: 'ECDSA-SHA1',
    hash: 'SHA1',
    scheme: 'ecdsa_sha1',
    semantics: ANY,
    insecure: 'certificates',
  },
  { name: 'ECDSA-SHA224', hash: 'SHA224' },
  { name: 'GOSTR341012-512', hash: 'STREEBOG-512', scheme: 'gostr34102012_512', semantics: TLS12 },
  { name: 'GOSTR341012-256', hash: 'STREEBOG-256', scheme: 'gostr34102012_256', semantics: TLS12 },
  { name: 'GOSTR341001', hash: 'GOSTR341194' },
  { name: 'DSA-SHA384', hash: 'SHA384' },
  { name: 'DSA-SHA512', hash: 'SHA512' },
  {
    name: 'ML-DSA-44',
    hash: 'SHAKE-256',
    scheme: 'mldsa44',
    semantics: TLS13,
    since: '3.8.9',
    schemeSince: '3.8.13',
  },
  {
    name: 'ML-DSA-65',
    hash: 'SHAKE-256',
    scheme: 'mldsa65',
    semantics: TLS13,
    since: '3.8.9',
    schemeSince: '3.8.13',
  },
  {
    name: 'ML-DSA-87',
    hash: 'SHAKE-256',
    scheme: 'mldsa87',
    semantics: TLS13,
    since: '3.8.9',
    schemeSince: '3.8.13',
  },
]

/** An entry of the list of groups. */
export type GnutlsGroup = Availability & {
  readonly name: string
  /** What TLS negotiates; undefined for what the list can hold but TLS cannot say. */
  readonly tls?: TlsGroup
  /** The curves that must be enabled for the group to be used. */
  readonly curves: readonly string[]
}

/** The curve below a group of TLS, where its name is not that of the group. */
const CURVE_OF_GROUP: Readonly<Record<string, string>> = {
  GC256A: 'TC26-256-A',
  GC256B: 'TC26-256-B',
  GC256C: 'TC26-256-C',
  GC256D: 'TC26-256-D',
  GC512A: 'TC26-512-A',
  GC512B: 'TC26-512-B',
  GC512C: 'TC26-512-C',
}

/** Key encapsulation alone is a word of the language, though TLS only uses it in hybrids. */
export const GNUTLS_GROUPS: readonly GnutlsGroup[] = [
  ...TLS_GROUPS.map((group) => groupOfTls(group)),
  { name: 'MLKEM768', curves: [], feature: 'ml-kem' },
  { name: 'MLKEM1024', curves: [], feature: 'ml-kem' },
]

export type GnutlsCurve = {
  readonly name: string
  /** What naming the curve puts on the list of groups. */
  readonly group: GnutlsGroup
}

/**
 * The curves that GnuTLS implements. Some are no group of TLS: GnuTLS still lists them, without a
 * name, as `(null)`.
 */
export const GNUTLS_CURVES: readonly GnutlsCurve[] = [
  ...['SECP192R1', 'SECP224R1', 'SECP256R1', 'SECP384R1', 'SECP521R1', 'X25519', 'X448'],
  ...['TC26-256-B', 'TC26-512-A', 'Ed25519', 'Ed448', 'CryptoPro-A', 'CryptoPro-XchA'],
].map((name) => ({ name, group: groupOfCurve(name) }))

function groupOfTls(tls: TlsGroup): GnutlsGroup {
  const name = tls.gnutlsName
  if (tls.kind === 'finite-field') return { name, tls, curves: [] }
  if (tls.kind !== 'hybrid') return { name, tls, curves: [CURVE_OF_GROUP[name] ?? name] }
  const curves = name.split('-').filter((part) => findTlsGroupByGnutlsName(part))
  return { name, tls, curves, feature: 'ml-kem' }
}

function groupOfCurve(curve: string): GnutlsGroup {
  const group = GNUTLS_GROUPS.find((row) => row.tls?.kind !== 'hybrid' && row.curves[0] === curve)
  return group ?? { name: '(null)', curves: [curve] }
}
