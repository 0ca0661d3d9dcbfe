/** The sets of algorithms that one word of a priority string stands for, by release. */
import type { TlsVersionName } from '../algorithms/tls-versions.ts'
import type { ProfileName, SecurityLevelName } from './profiles.ts'
import type { Availability } from './releases.ts'

/** A member that is in the set from some release on. */
type DatedName = Availability & { readonly name: string }

/** Names in order of preference. */
export type NameSet = readonly (string | DatedName)[]

/** `VERS-ALL`, and what a string starts from unless it begins with NONE. */
export const DEFAULT_PROTOCOLS: readonly TlsVersionName[] = [
  'TLS1.3',
  'TLS1.2',
  'TLS1.1',
  'TLS1.0',
  'DTLS1.2',
  'DTLS1.0',
]
export const STREAM_PROTOCOLS: readonly TlsVersionName[] = ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0']
export const DATAGRAM_PROTOCOLS: readonly TlsVersionName[] = ['DTLS1.2', 'DTLS1.0']
/** `-VERS-DTLS-ALL` also removes what `+VERS-DTLS-ALL` does not add. */
export const REMOVED_DATAGRAM_PROTOCOLS: readonly TlsVersionName[] = [
  ...DATAGRAM_PROTOCOLS,
  'DTLS0.9',
]
const SUITEB_PROTOCOLS: readonly TlsVersionName[] = ['TLS1.2']

export const CURVE_GROUPS: NameSet = ['SECP256R1', 'SECP384R1', 'SECP521R1', 'X25519', 'X448']
export const FINITE_FIELD_GROUPS: NameSet = [
  'FFDHE2048',
  'FFDHE3072',
  'FFDHE4096',
  'FFDHE6144',
  'FFDHE8192',
]
export const GOST_GROUPS: NameSet = [
  'GC256A',
  'GC256B',
  'GC256C',
  'GC256D',
  'GC512A',
  'GC512B',
  'GC512C',
]
/** No hybrid group: GnuTLS offers them only where a string names them. */
export const DEFAULT_GROUPS: NameSet = [...CURVE_GROUPS, ...FINITE_FIELD_GROUPS]
const SECURE192_GROUPS: NameSet = ['SECP384R1', 'SECP521R1', 'FFDHE8192']

export const DEFAULT_KEY_EXCHANGES: NameSet = ['ECDHE-ECDSA', 'ECDHE-RSA', 'RSA', 'DHE-RSA']
const PERFORMANCE_KEY_EXCHANGES: NameSet = ['RSA', 'ECDHE-ECDSA', 'ECDHE-RSA', 'DHE-RSA']
const PFS_KEY_EXCHANGES: NameSet = ['ECDHE-ECDSA', 'ECDHE-RSA', 'DHE-RSA']
const SUITEB_KEY_EXCHANGES: NameSet = ['ECDHE-ECDSA']
export const GOST_KEY_EXCHANGES: NameSet = ['VKO-GOST-12']

export const DEFAULT_CIPHERS: NameSet = [
  'AES-256-GCM',
  'CHACHA20-POLY1305',
  'AES-256-CCM',
  'AES-256-CBC',
  'AES-128-GCM',
  'AES-128-CCM',
  'AES-128-CBC',
]
/** On a processor with AES instructions; without them GnuTLS puts ChaCha20 first. */
const PERFORMANCE_CIPHERS: NameSet = [
  'AES-128-GCM',
  'AES-256-GCM',
  'CHACHA20-POLY1305',
  'AES-128-CCM',
  'AES-256-CCM',
  'AES-128-CBC',
  'AES-256-CBC',
]
const SECURE128_CIPHERS: NameSet = [
  'AES-256-GCM',
  'CHACHA20-POLY1305',
  'AES-256-CBC',
  'AES-256-CCM',
  'AES-128-GCM',
  'AES-128-CBC',
  'AES-128-CCM',
]
const SECURE192_CIPHERS: NameSet = [
  'AES-256-GCM',
  'CHACHA20-POLY1305',
  'AES-256-CBC',
  'AES-256-CCM',
]
export const GOST_CIPHERS: NameSet = ['GOST28147-TC26Z-CNT']

export const DEFAULT_MACS: NameSet = ['SHA1', 'AEAD']
const AEAD_ONLY: NameSet = ['AEAD']
export const GOST_MACS: NameSet = ['GOST28147-TC26Z-IMIT']

const SHA256_SIGNATURES: NameSet = [
  'RSA-SHA256',
  'RSA-PSS-SHA256',
  'RSA-PSS-RSAE-SHA256',
  'ECDSA-SHA256',
  'ECDSA-SECP256R1-SHA256',
]
const SHA384_SIGNATURES: NameSet = [
  'RSA-SHA384',
  'RSA-PSS-SHA384',
  'RSA-PSS-RSAE-SHA384',
  'ECDSA-SHA384',
  'ECDSA-SECP384R1-SHA384',
]
const SHA512_SIGNATURES: NameSet = [
  'RSA-SHA512',
  'RSA-PSS-SHA512',
  'RSA-PSS-RSAE-SHA512',
  'ECDSA-SHA512',
  'ECDSA-SECP521R1-SHA512',
]
const SECURE128_SIGNATURES: NameSet = [
  ...SHA256_SIGNATURES,
  'EdDSA-Ed25519',
  ...SHA384_SIGNATURES,
  'EdDSA-Ed448',
  ...SHA512_SIGNATURES,
]
const SECURE192_SIGNATURES: NameSet = [...SHA384_SIGNATURES, 'EdDSA-Ed448', ...SHA512_SIGNATURES]
export const DEFAULT_SIGNATURES: NameSet = [
  { name: 'ML-DSA-44', since: '3.8.13' },
  { name: 'ML-DSA-65', since: '3.8.13' },
  { name: 'ML-DSA-87', since: '3.8.13' },
  ...SECURE128_SIGNATURES,
  'RSA-SHA1',
  'ECDSA-SHA1',
]
const SUITEB192_SIGNATURES: NameSet = ['ECDSA-SHA384', 'ECDSA-SECP384R1-SHA384']
const SUITEB128_SIGNATURES: NameSet = [
  'ECDSA-SHA256',
  'ECDSA-SECP256R1-SHA256',
  ...SUITEB192_SIGNATURES,
]
export const GOST_SIGNATURES: NameSet = ['GOSTR341012-256', 'GOSTR341012-512']

/** A word such as NORMAL: it sets every list, or adds to every list where lists are set already. */
export type Level = {
  readonly names: readonly string[]
  /** Left alone where the level does not say. */
  readonly protocols?: readonly TlsVersionName[]
  readonly ciphers: NameSet
  readonly macs: NameSet
  readonly keyExchanges: NameSet
  readonly signatures: NameSet
  readonly groups: NameSet
  /** Lowers the verification profile to this one, if it is not lower already. */
  readonly profile?: ProfileName
  /** Lowers the security level to this one, if it is not lower already. */
  readonly securityLevel: SecurityLevelName
  /** No session tickets in TLS 1.2: a stolen ticket key would open recorded sessions. */
  readonly noTicketsTls12?: true
}

const NORMAL = {
  ciphers: DEFAULT_CIPHERS,
  macs: DEFAULT_MACS,
  keyExchanges: DEFAULT_KEY_EXCHANGES,
  signatures: DEFAULT_SIGNATURES,
  groups: DEFAULT_GROUPS,
} as const

export const LEVELS: readonly Level[] = [
  { names: ['NORMAL'], ...NORMAL, profile: 'LOW', securityLevel: 'weak' },
  {
    names: ['PFS'],
    ...NORMAL,
    keyExchanges: PFS_KEY_EXCHANGES,
    profile: 'LOW',
    securityLevel: 'weak',
    noTicketsTls12: true,
  },
  {
    names: ['SECURE128', 'SECURE'],
    ...NORMAL,
    ciphers: SECURE128_CIPHERS,
    signatures: SECURE128_SIGNATURES,
    profile: 'LOW',
    securityLevel: 'low',
  },
  {
    names: ['SECURE192', 'SECURE256'],
    ciphers: SECURE192_CIPHERS,
    macs: AEAD_ONLY,
    keyExchanges: DEFAULT_KEY_EXCHANGES,
    signatures: SECURE192_SIGNATURES,
    groups: SECURE192_GROUPS,
    profile: 'HIGH',
    securityLevel: 'high',
  },
  {
    names: ['SUITEB128'],
    protocols: SUITEB_PROTOCOLS,
    ciphers: ['AES-256-GCM', 'AES-128-GCM'],
    macs: AEAD_ONLY,
    keyExchanges: SUITEB_KEY_EXCHANGES,
    signatures: SUITEB128_SIGNATURES,
    groups: ['SECP256R1', 'SECP384R1'],
    profile: 'SUITEB128',
    securityLevel: 'high',
  },
  {
    names: ['SUITEB192'],
    protocols: SUITEB_PROTOCOLS,
    ciphers: ['AES-256-GCM'],
    macs: AEAD_ONLY,
    keyExchanges: SUITEB_KEY_EXCHANGES,
    signatures: SUITEB192_SIGNATURES,
    groups: ['SECP384R1'],
    profile: 'SUITEB192',
    securityLevel: 'ultra',
  },
  { names: ['LEGACY'], ...NORMAL, securityLevel: 'very weak' },
  {
    names: ['PERFORMANCE'],
    ...NORMAL,
    ciphers: PERFORMANCE_CIPHERS,
    keyExchanges: PERFORMANCE_KEY_EXCHANGES,
    profile: 'LOW',
    securityLevel: 'weak',
  },
]
