/** The TOML that Sequoia's policies are written in (sequoia-policy-config, OpenPGP RFC 9580). */
import type { CipherName } from '../algorithms/cipher.ts'
import type { GroupName } from '../algorithms/group.ts'
import type { HashName } from '../algorithms/hash.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'

/** An algorithm of Sequoia; on where any of its counterparts is, never on where it has none. */
type Row<Name extends string> = {
  readonly word: string
  readonly any: readonly Name[]
}

const HASHES: readonly Row<HashName>[] = [
  { word: 'md5', any: ['MD5'] },
  { word: 'sha1', any: ['SHA1'] },
  { word: 'ripemd160', any: [] },
  { word: 'sha224', any: ['SHA2-224'] },
  { word: 'sha256', any: ['SHA2-256'] },
  { word: 'sha384', any: ['SHA2-384'] },
  { word: 'sha512', any: ['SHA2-512'] },
  { word: 'sha3-256', any: ['SHA3-256'] },
  { word: 'sha3-512', any: ['SHA3-512'] },
]

const CIPHERS: readonly Row<CipherName>[] = [
  { word: 'idea', any: ['IDEA-CFB'] },
  { word: 'tripledes', any: ['3DES-CFB'] },
  { word: 'cast5', any: [] },
  { word: 'blowfish', any: [] },
  { word: 'aes128', any: ['AES-128-CFB'] },
  { word: 'aes192', any: ['AES-192-CFB'] },
  { word: 'aes256', any: ['AES-256-CFB'] },
  { word: 'twofish', any: [] },
  { word: 'camellia128', any: ['CAMELLIA-128-CFB'] },
  { word: 'camellia192', any: ['CAMELLIA-192-CFB'] },
  { word: 'camellia256', any: ['CAMELLIA-256-CFB'] },
]

const GROUPS: readonly Row<GroupName>[] = [
  { word: 'nistp256', any: ['SECP256R1'] },
  { word: 'nistp384', any: ['SECP384R1'] },
  { word: 'nistp521', any: ['SECP521R1'] },
  { word: 'cv25519', any: ['X25519'] },
  { word: 'x25519', any: ['X25519'] },
  { word: 'x448', any: ['X448'] },
  { word: 'mlkem768-x25519', any: ['MLKEM768-X25519'] },
  { word: 'mlkem1024-x448', any: ['MLKEM1024-X448'] },
]

/** `eddsa` is Ed25519 in signatures of version 4, RFC 9580 section 9.1. */
const SIGNATURES: readonly Row<SignatureName>[] = [
  { word: 'ed25519', any: ['EDDSA-ED25519'] },
  { word: 'eddsa', any: ['EDDSA-ED25519'] },
  { word: 'ed448', any: ['EDDSA-ED448'] },
  { word: 'mldsa65-ed25519', any: ['MLDSA65-ED25519'] },
  { word: 'mldsa87-ed448', any: ['MLDSA87-ED448'] },
]

/** Key types that no policy can name: always off. */
const OTHER_KEYS: readonly Row<never>[] = [
  { word: 'elgamal1024', any: [] },
  { word: 'elgamal2048', any: [] },
  { word: 'elgamal3072', any: [] },
  { word: 'elgamal4096', any: [] },
  { word: 'brainpoolp256', any: [] },
  { word: 'brainpoolp512', any: [] },
]

const AEADS: readonly Row<CipherName>[] = [
  { word: 'eax', any: ['AES-256-EAX', 'AES-128-EAX'] },
  { word: 'ocb', any: ['AES-256-OCB', 'AES-128-OCB'] },
  { word: 'gcm', any: ['AES-256-GCM', 'AES-128-GCM'] },
]

/** The key sizes that Sequoia tells apart, in bits. */
const KEY_SIZES = [1024, 2048, 3072, 4096]

const wordsOf = (rows: readonly { readonly word: string }[]) => rows.map(({ word }) => word)

/** Every word that a table of Sequoia has, in its newest release. */
export const SEQUOIA_WORDS: Readonly<Record<string, readonly string[]>> = {
  hash_algorithms: wordsOf(HASHES),
  symmetric_algorithms: wordsOf(CIPHERS),
  asymmetric_algorithms: [
    ...wordsOf([...GROUPS, ...SIGNATURES, ...OTHER_KEYS]),
    ...KEY_SIZES.flatMap((size) => [`rsa${size}`, `dsa${size}`]),
    ...['brainpoolp384', 'slhdsa128s', 'slhdsa128f', 'slhdsa256s'],
  ],
  aead_algorithms: wordsOf(AEADS),
}

/** Older releases refuse these words unless told to ignore them; in the order of their coming. */
const NEWER = {
  hashes: ['sha3-256', 'sha3-512'],
  keys: [
    ...['x25519', 'x448', 'mlkem768-x25519', 'mlkem1024-x448'],
    ...['ed25519', 'ed448', 'eddsa', 'mldsa65-ed25519', 'mldsa87-ed448'],
  ],
  aeads: ['gcm'],
} as const

const DEFAULT = 'default_disposition = "never"'

/** The policy file of one Sequoia program. */
export function printSequoiaPolicy(effective: EffectivePolicy): string {
  const { enabled } = effective
  return [
    '[hash_algorithms]',
    ignoreInvalid(NEWER.hashes),
    ...dispose(HASHES, enabled.hash, ['.collision_resistance', '.second_preimage_resistance']),
    DEFAULT,
    '',
    '[symmetric_algorithms]',
    ...dispose(CIPHERS, enabled.cipher),
    DEFAULT,
    '',
    ...asymmetricAlgorithms(effective),
    '',
    '[aead_algorithms]',
    DEFAULT,
    ignoreInvalid(NEWER.aeads),
    ...dispose(AEADS, enabled.cipher),
    '',
  ].join('\n')
}

function asymmetricAlgorithms({ enabled, integers }: EffectivePolicy): readonly string[] {
  return [
    '[asymmetric_algorithms]',
    ignoreInvalid(NEWER.keys),
    ...disposeSizes('rsa', integers.min_rsa_size, signsWith(enabled.sign, 'RSA-')),
    ...disposeSizes('dsa', integers.min_dsa_size, signsWith(enabled.sign, 'DSA-')),
    ...dispose(GROUPS, enabled.group),
    ...dispose(SIGNATURES, enabled.sign),
    ...dispose(OTHER_KEYS, []),
    DEFAULT,
  ]
}

function dispose<Name extends string>(
  rows: readonly Row<Name>[],
  enabled: readonly Name[],
  properties: readonly string[] = [''],
): readonly string[] {
  return rows.flatMap(({ word, any }) => {
    const isOn = any.some((name) => enabled.includes(name))
    return properties.map((property) => setting(`${word}${property}`, isOn))
  })
}

function disposeSizes(word: string, smallest: number, isOn: boolean): readonly string[] {
  return KEY_SIZES.map((size) => setting(`${word}${size}`, isOn && size >= smallest))
}

/** Policies list signatures, not key types: a key type is on where any signature needs it. */
function signsWith(signatures: readonly SignatureName[], prefix: 'RSA-' | 'DSA-'): boolean {
  return signatures.some((name) => name.startsWith(prefix))
}

function setting(key: string, isOn: boolean): string {
  return `${key} = "${isOn ? 'always' : 'never'}"`
}

function ignoreInvalid(words: readonly string[]): string {
  return `ignore_invalid = [ ${words.map((word) => `"${word}"`).join(', ')} ]`
}
