/** The keys of `[overrides]` and the other sections of GnuTLS's configuration file. */
import { TLS_VERSIONS, type TlsVersion } from '../algorithms/tls-versions.ts'
import { isSameName } from './ascii-case.ts'
import {
  GNUTLS_CIPHERS,
  GNUTLS_CURVES,
  GNUTLS_GROUPS,
  GNUTLS_HASHES,
  GNUTLS_KEY_EXCHANGES,
  GNUTLS_MACS,
  GNUTLS_SIGNATURES,
  type GnutlsCipher,
  type GnutlsCurve,
  type GnutlsGroup,
  type GnutlsHash,
  type GnutlsKeyExchange,
  type GnutlsMac,
  type GnutlsSignature,
} from './gnutls-algorithms.ts'
import { PROFILE_CONFIG_NAMES } from './profiles.ts'
import { type Availability, type GnutlsRelease, isAvailable } from './releases.ts'

/** What each class of override lists. */
export type OverrideRows = {
  readonly hashes: GnutlsHash
  readonly signatures: GnutlsSignature
  readonly certificateSignatures: GnutlsSignature
  readonly protocols: TlsVersion
  readonly curves: GnutlsCurve
  readonly ciphers: GnutlsCipher
  readonly macs: GnutlsMac
  readonly groups: GnutlsGroup
  readonly keyExchanges: GnutlsKeyExchange
}

export type OverrideClass = keyof OverrideRows

/** The pair of keys of a class: the one enables in allowlist mode, the other disables. */
export type OverrideKeys = { readonly allowlist: string; readonly blocklist: string }

export const OVERRIDE_KEYS: Readonly<Record<OverrideClass, OverrideKeys>> = {
  hashes: { allowlist: 'secure-hash', blocklist: 'insecure-hash' },
  signatures: { allowlist: 'secure-sig', blocklist: 'insecure-sig' },
  certificateSignatures: {
    allowlist: 'secure-sig-for-cert',
    blocklist: 'insecure-sig-for-cert',
  },
  protocols: { allowlist: 'enabled-version', blocklist: 'disabled-version' },
  curves: { allowlist: 'enabled-curve', blocklist: 'disabled-curve' },
  ciphers: { allowlist: 'tls-enabled-cipher', blocklist: 'tls-disabled-cipher' },
  macs: { allowlist: 'tls-enabled-mac', blocklist: 'tls-disabled-mac' },
  groups: { allowlist: 'tls-enabled-group', blocklist: 'tls-disabled-group' },
  keyExchanges: { allowlist: 'tls-enabled-kx', blocklist: 'tls-disabled-kx' },
}

export const OVERRIDE_CLASSES = Object.keys(OVERRIDE_KEYS) as readonly OverrideClass[]

export type SettingName =
  | 'default-priority-string'
  | 'min-verification-profile'
  | 'tls-session-hash'
  | 'allow-rsa-pkcs1-encrypt'
  | 'cert-compression-alg'
  | 'override-mode'
  | 'ktls'
  | 'url'
  | 'pin'

export type OverrideSetting = Availability & {
  readonly section: 'global' | 'overrides' | 'provider'
  readonly name: SettingName
  /** The values it takes, in any case; undefined where any text is one. */
  readonly values?: readonly string[]
  /** Values that only some releases take. */
  readonly laterValues?: readonly (Availability & { readonly name: string })[]
  /** The value is the whole text, not its first word. */
  readonly whole?: true
  /** Every entry adds a value; elsewhere the last entry wins. */
  readonly repeats?: true
}

/** Every key but the pairs above. */
export const SETTINGS: readonly OverrideSetting[] = [
  { section: 'global', name: 'override-mode', values: ['allowlist', 'blocklist'] },
  {
    section: 'global',
    name: 'ktls',
    values: ['true'],
    laterValues: [{ name: 'false', since: '3.8.9' }],
  },
  { section: 'overrides', name: 'default-priority-string' },
  {
    section: 'overrides',
    name: 'min-verification-profile',
    whole: true,
    values: PROFILE_CONFIG_NAMES,
  },
  {
    section: 'overrides',
    name: 'tls-session-hash',
    values: ['request', 'require'],
    whole: true,
    since: '3.8.9',
  },
  {
    section: 'overrides',
    name: 'allow-rsa-pkcs1-encrypt',
    values: ['true', 'false'],
    since: '3.8.9',
  },
  {
    section: 'overrides',
    name: 'cert-compression-alg',
    values: ['NULL', 'ZLIB', 'BROTLI', 'ZSTD'],
    repeats: true,
    since: '3.8.13',
  },
  { section: 'provider', name: 'url', since: '3.8.13' },
  { section: 'provider', name: 'pin', since: '3.8.13' },
]

type Named = Availability & { readonly name: string }

const ROWS: { readonly [Class in OverrideClass]: readonly (OverrideRows[Class] & Named)[] } = {
  hashes: GNUTLS_HASHES,
  signatures: GNUTLS_SIGNATURES,
  certificateSignatures: GNUTLS_SIGNATURES,
  protocols: TLS_VERSIONS,
  curves: GNUTLS_CURVES,
  ciphers: GNUTLS_CIPHERS.filter((row) => !row.withdrawn),
  macs: GNUTLS_MACS,
  groups: GNUTLS_GROUPS,
  keyExchanges: GNUTLS_KEY_EXCHANGES.filter((row) => !row.withdrawn),
}

/** What an override's value names in a release, or undefined where it knows no such thing. */
export function findOverrideRow<Class extends OverrideClass>(
  overrideClass: Class,
  value: string,
  release: GnutlsRelease,
): OverrideRows[Class] | undefined {
  const wanted = overrideClass === 'groups' ? value.replace(/^GROUP-/i, '') : value
  return ROWS[overrideClass].find(
    (row) => isSameName(row.name, wanted) && isAvailable(row, release),
  )
}

/** The names that a class knows in a release, for suggestions. */
export function overrideNames(
  overrideClass: OverrideClass,
  release: GnutlsRelease,
): readonly string[] {
  const rows: readonly Named[] = ROWS[overrideClass]
  return rows.filter((row) => isAvailable(row, release)).map((row) => row.name)
}
