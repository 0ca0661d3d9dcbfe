/** What a program of OpenSSL offers beside its cipher list: versions, groups, signatures. */
import { bitsOfGroup, bitsOfScheme } from '../../algorithms/openssl-security-bits.ts'
import { TLS_GROUPS, type TlsGroup } from '../../algorithms/tls-groups.ts'
import { TLS_SIGNATURE_SCHEMES, type TlsSignatureScheme } from '../../algorithms/tls-signatures.ts'
import { bitsOfLevel } from '../cipher-list/cipher-list.ts'
import type { SuiteB } from '../cipher-list/cipher-list-parser.ts'
import { isSince, type OpensslRelease } from '../library-releases.ts'

/** Settings that stand beside a cipher list; what is missing is OpenSSL's own default. */
export type OpensslSettings = {
  /** Suites of TLS 1.3 by their names. */
  readonly ciphersuites?: readonly string[]
  /** In OpenSSL's words. */
  readonly groups?: readonly string[]
  readonly signatureAlgorithms?: readonly string[]
  readonly minProtocol?: string
  readonly maxProtocol?: string
}

export const DEFAULT_SUITES13 = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
]

const DEFAULT_GROUPS = {
  old: [
    ...['x25519', 'secp256r1', 'x448', 'secp521r1', 'secp384r1'],
    ...['ffdhe2048', 'ffdhe3072', 'ffdhe4096', 'ffdhe6144', 'ffdhe8192'],
  ],
  since35: [
    ...['X25519MLKEM768', 'x25519', 'secp256r1', 'x448', 'secp384r1', 'secp521r1'],
    ...['ffdhe2048', 'ffdhe3072'],
  ],
}

const DEFAULT_SCHEMES = [
  ...['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'],
  ...['ed25519', 'ed448', 'rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512'],
  ...['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'],
  ...['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'],
  ...['ecdsa_sha1', 'rsa_pkcs1_sha1', 'dsa_sha1'],
]

const LATTICE_SCHEMES = ['mldsa65', 'mldsa87', 'mldsa44']

const GROUP_NAMES: Readonly<Record<string, string>> = {
  'p-192': 'secp192r1',
  'p-224': 'secp224r1',
  'p-256': 'secp256r1',
  'p-384': 'secp384r1',
  'p-521': 'secp521r1',
  prime192v1: 'secp192r1',
  prime256v1: 'secp256r1',
}

const CURVE_OF_HASH: Readonly<Record<string, string>> = {
  SHA256: 'ecdsa_secp256r1_sha256',
  SHA384: 'ecdsa_secp384r1_sha384',
  SHA512: 'ecdsa_secp521r1_sha512',
}

const SUITE_B_PARTS: { readonly [S in SuiteB]: readonly (256 | 384)[] } = {
  '128': [256, 384],
  '128 only': [256],
  '128 C2': [256, 384],
  '192': [384],
}

/** The groups that a program offers, in order of preference. */
export function offeredGroups(
  settings: OpensslSettings,
  level: number,
  suiteB: SuiteB | undefined,
  release: OpensslRelease,
): readonly TlsGroup[] {
  const defaults = isSince(release, '3.5') ? DEFAULT_GROUPS.since35 : DEFAULT_GROUPS.old
  const suiteBGroups = suiteB && SUITE_B_PARTS[suiteB].map((bits) => `secp${bits}r1`)
  const names = suiteBGroups ?? settings.groups?.map(groupName) ?? defaults
  const groups = names.flatMap((name) => TLS_GROUPS.find((group) => isNamed(group, name)) ?? [])
  return groups.filter((group) => level === 0 || bitsOfGroup(group) >= bitsOfLevel(level))
}

/** The signature schemes that a program offers, in order of preference. */
export function offeredSchemes(
  settings: OpensslSettings,
  level: number,
  suiteB: SuiteB | undefined,
  release: OpensslRelease,
): readonly TlsSignatureScheme[] {
  const defaults = isSince(release, '3.5')
    ? [...LATTICE_SCHEMES, ...DEFAULT_SCHEMES]
    : DEFAULT_SCHEMES
  const suiteBSchemes =
    suiteB && SUITE_B_PARTS[suiteB].map((bits) => `ecdsa_secp${bits}r1_sha${bits}`)
  const names = suiteBSchemes ?? settings.signatureAlgorithms?.map(schemeName) ?? defaults
  const schemes = names.flatMap(
    (name) => TLS_SIGNATURE_SCHEMES.find((one) => one.name === name) ?? [],
  )
  return schemes.filter(({ name }) => level === 0 || bitsOfScheme(name) >= bitsOfLevel(level))
}

/** Reads the settings of a configuration that crypto policies write, up to its first section. */
export function readOpensslSettings(
  text: string,
): OpensslSettings & { readonly cipherString?: string } {
  const [head = ''] = text.split(/^\[/m, 1)
  const values = new Map(
    [...head.matchAll(/^(?:TLS\.)?(\w+) *= *(.*)$/gm)].map(([, key = '', value = '']) => [
      key,
      value.trim(),
    ]),
  )
  const listOf = (key: string): readonly string[] | undefined =>
    values
      .get(key)
      ?.split(/[:/]/)
      .map((name) => name.replace(/^[*?-]+/, ''))
      .filter((name) => name !== '')
  const entries = {
    cipherString: values.get('CipherString'),
    ciphersuites: listOf('Ciphersuites'),
    groups: listOf('Groups'),
    signatureAlgorithms: listOf('SignatureAlgorithms'),
    minProtocol: values.get('MinProtocol'),
    maxProtocol: values.get('MaxProtocol'),
  }
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined))
}

function isNamed(group: TlsGroup, name: string): boolean {
  return group.name.toLowerCase() === name.toLowerCase()
}

function groupName(word: string): string {
  return GROUP_NAMES[word.toLowerCase()] ?? word
}

/** `ECDSA+SHA256` is what the registry calls by a curve. */
function schemeName(word: string): string {
  const [key = '', hash] = word.toUpperCase().split('+')
  if (hash === undefined) return word.toLowerCase()
  if (key === 'ECDSA') return CURVE_OF_HASH[hash] ?? `ecdsa_${hash.toLowerCase()}`
  const prefix = { RSA: 'rsa_pkcs1', DSA: 'dsa', 'RSA-PSS': 'rsa_pss_rsae', PSS: 'rsa_pss_rsae' }[
    key
  ]
  return `${prefix}_${hash.toLowerCase()}`
}
