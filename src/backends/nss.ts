/** NSS: the policy module's configuration string (NSS source, lib/pk11wrap/pk11pars.c). */
import type { CipherName } from '../algorithms/cipher.ts'
import type { GroupName } from '../algorithms/group.ts'
import type { HashName } from '../algorithms/hash.ts'
import type { KeyExchangeName } from '../algorithms/key-exchange.ts'
import type { MacName } from '../algorithms/mac.ts'
import type { ProtocolFamily, ProtocolName } from '../algorithms/protocol.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import { type EffectivePolicy, lowestVersion } from '../policy/effective-policy.ts'
import { defineBackend } from './backend.ts'
import { knownVersions } from './known-versions.ts'
import { type Merge, printUses } from './nss-uses.ts'
import { translate, type Words } from './translate.ts'

const MACS: Words<MacName> = {
  'HMAC-SHA1': 'HMAC-SHA1',
  'HMAC-MD5': 'HMAC-MD5',
  'HMAC-SHA2-256': 'HMAC-SHA256',
  'HMAC-SHA2-384': 'HMAC-SHA384',
  'HMAC-SHA2-512': 'HMAC-SHA512',
}

const HASHES: { readonly [Hash in HashName]?: string } = {
  MD5: 'MD5',
  SHA1: 'SHA1',
  'SHA2-224': 'SHA224',
  'SHA2-256': 'SHA256',
  'SHA2-384': 'SHA384',
  'SHA2-512': 'SHA512',
  'SHA3-224': 'SHA3-224',
  'SHA3-256': 'SHA3-256',
  'SHA3-384': 'SHA3-384',
  'SHA3-512': 'SHA3-512',
}

const GROUPS: Words<GroupName> = {
  X25519: 'CURVE25519',
  SECP256R1: 'SECP256R1',
  SECP384R1: 'SECP384R1',
  SECP521R1: 'SECP521R1',
  'MLKEM768-X25519': 'mlkem768x25519',
}

const CIPHERS: Words<CipherName> = {
  'AES-256-GCM': 'aes256-gcm',
  'AES-192-GCM': 'aes192-gcm',
  'AES-128-GCM': 'aes128-gcm',
  'AES-256-CBC': 'aes256-cbc',
  'AES-192-CBC': 'aes192-cbc',
  'AES-128-CBC': 'aes128-cbc',
  'CAMELLIA-256-CBC': 'camellia256-cbc',
  'CAMELLIA-192-CBC': 'camellia192-cbc',
  'CAMELLIA-128-CBC': 'camellia128-cbc',
  'CHACHA20-POLY1305': 'chacha20-poly1305',
  'SEED-CBC': 'seed-cbc',
  '3DES-CBC': 'des-ede3-cbc',
  'DES40-CBC': 'des-40-cbc',
  'DES-CBC': 'des-cbc',
  'RC4-128': 'rc4',
  'RC2-CBC': ['rc2', 'rc2-40-cbc', 'rc2-64-cbc', 'rc2-128-cbc'],
}

const TLS_KEY_EXCHANGES: Words<KeyExchangeName> = {
  RSA: 'RSA',
  'DHE-RSA': 'DHE-RSA',
  'DHE-DSS': 'DHE-DSS',
  ECDHE: ['ECDHE-RSA', 'ECDHE-ECDSA'],
  ECDH: ['ECDH-RSA', 'ECDH-ECDSA'],
  DH: ['DH-RSA', 'DH-DSS'],
}

const SMIME_KEY_EXCHANGES: Words<KeyExchangeName> = {
  RSA: ['RSA-PKCS', 'RSA-OAEP'],
  ECDH: 'ECDH',
  DH: 'DH',
}

const VERSIONS: { readonly [Version in ProtocolName]?: string } = {
  'SSL3.0': 'ssl3.0',
  'TLS1.0': 'tls1.0',
  'TLS1.1': 'tls1.1',
  'TLS1.2': 'tls1.2',
  'TLS1.3': 'tls1.3',
  'DTLS1.0': 'dtls1.0',
  'DTLS1.2': 'dtls1.2',
}

/** `RSA-`, `RSA-PSS-` and so on, as far as a signature begins so, and whole names. */
type Beginning<
  Name extends string,
  Before extends string = '',
> = Name extends `${infer Part}-${infer Rest}`
  ? `${Before}${Part}-` | Beginning<Rest, `${Before}${Part}-`>
  : `${Before}${Name}`

type SignatureKey = { readonly begins: Beginning<SignatureName>; readonly word: string }

/**
 * NSS decides on key types and on hashes, not on pairs of them. Every row that fits counts:
 * an RSA-PSS signature needs RSA keys as well.
 */
const SIGNATURE_KEYS: readonly SignatureKey[] = [
  { begins: 'RSA-PSS-', word: 'RSA-PSS' },
  { begins: 'RSA-', word: 'RSA-PKCS' },
  { begins: 'ECDSA-', word: 'ECDSA' },
  { begins: 'DSA-', word: 'DSA' },
  { begins: 'EDDSA-ED25519', word: 'ED25519' },
  { begins: 'MLDSA44', word: 'ML-DSA-44' },
  { begins: 'MLDSA65', word: 'ML-DSA-65' },
  { begins: 'MLDSA87', word: 'ML-DSA-87' },
]

const PKCS12: Merge = { uses: ['pkcs12', 'pkcs12-legacy'], as: 'pkcs12' }
const SMIME: Merge = { uses: ['smime', 'smime-legacy'], as: 'smime' }
const SIGNATURE: Merge = {
  uses: ['cert-signature', 'smime-signature', 'signature'],
  as: 'all-signature',
}
const SMIME_EXCHANGE: Merge = {
  uses: ['smime-key-exchange', 'smime-key-exchange-legacy'],
  as: 'smime-key-exchange',
}

/** A legacy use is to read what others wrote; the plain use is to write as well. */
type Purposes = {
  readonly tls: EffectivePolicy
  readonly pkcs12: EffectivePolicy
  readonly pkcs12Import: EffectivePolicy
  readonly smime: EffectivePolicy
  readonly smimeImport: EffectivePolicy
}

export const nss = defineBackend({
  name: 'nss',
  title: 'NSS',
  purposes: ['nss-tls', 'nss-pkcs12', 'nss-pkcs12-import', 'nss-smime', 'nss-smime-import'],
  print: (effective) => {
    const purposes: Purposes = {
      tls: effective['nss-tls'],
      pkcs12: effective['nss-pkcs12'],
      pkcs12Import: effective['nss-pkcs12-import'],
      smime: effective['nss-smime'],
      smimeImport: effective['nss-smime-import'],
    }
    return [
      // The first module lets NSS see the tokens that p11-kit knows, as distributions want it.
      ...['library=p11-kit-proxy.so', 'name=p11-kit-proxy', '', ''],
      ...['library=', 'name=Policy', 'NSS=flags=policyOnly,moduleDB'],
      `config="disallow=ALL allow=${allowed(purposes).join(':')}"`,
      '',
    ].join('\n')
  },
})

function allowed(purposes: Purposes): readonly string[] {
  return [
    ...allowedMacs(purposes),
    ...allowedGroups(purposes),
    ...allowedCiphers(purposes),
    ...allowedHashes(purposes),
    ...allowedKeyExchanges(purposes),
    ...allowedSignatures(purposes),
    ...limits(purposes.tls),
  ]
}

function allowedMacs({ tls, pkcs12, pkcs12Import }: Purposes): readonly string[] {
  return printUses(
    [
      { names: translate(tls.enabled.mac, MACS), uses: ['ssl'] },
      { names: translate(pkcs12.enabled.mac, MACS), uses: ['pkcs12'] },
      { names: translate(pkcs12Import.enabled.mac, MACS), uses: ['pkcs12-legacy'] },
    ],
    [PKCS12, { uses: ['ssl', 'pkcs12'], as: 'all' }],
  )
}

/** A group that TLS may use is good for certificates too. */
function allowedGroups({ tls }: Purposes): readonly string[] {
  return translate(tls.enabled.group, GROUPS)
}

function allowedCiphers(purposes: Purposes): readonly string[] {
  const { tls, pkcs12, pkcs12Import, smime, smimeImport } = purposes
  return printUses(
    [
      { names: translate(tls.enabled.cipher, CIPHERS), uses: ['ssl'] },
      { names: translate(pkcs12.enabled.cipher, CIPHERS), uses: ['pkcs12'] },
      { names: translate(pkcs12Import.enabled.cipher, CIPHERS), uses: ['pkcs12-legacy'] },
      { names: translate(smime.enabled.cipher, CIPHERS), uses: ['smime'] },
      { names: translate(smimeImport.enabled.cipher, CIPHERS), uses: ['smime-legacy'] },
    ],
    [PKCS12, SMIME, { uses: ['ssl', 'pkcs12', 'smime'], as: 'all' }],
  )
}

/** For signatures, the hashes are those of the signatures that are enabled. */
function allowedHashes({ tls, pkcs12, pkcs12Import, smime }: Purposes): readonly string[] {
  return printUses(
    [
      { names: translate(tls.enabled.hash, HASHES), uses: ['ssl-key-exchange'] },
      { names: translate(pkcs12.enabled.hash, HASHES), uses: ['pkcs12'] },
      { names: translate(pkcs12Import.enabled.hash, HASHES), uses: ['pkcs12-legacy'] },
      { names: signatureHashes(tls), uses: ['cert-signature', 'signature'] },
      { names: signatureHashes(smime), uses: ['smime-signature'] },
    ],
    [PKCS12, SIGNATURE, { uses: ['ssl-key-exchange', 'all-signature', 'pkcs12'], as: 'all' }],
  )
}

function allowedKeyExchanges({ tls, smime, smimeImport }: Purposes): readonly string[] {
  const inTls = translate(tls.enabled.key_exchange, TLS_KEY_EXCHANGES)
  const imported = translate(smimeImport.enabled.key_exchange, SMIME_KEY_EXCHANGES)
  const exported = translate(smime.enabled.key_exchange, SMIME_KEY_EXCHANGES)
  return printUses(
    [
      { names: inTls, uses: ['ssl-key-exchange'] },
      { names: imported, uses: ['smime-key-exchange-legacy'] },
      { names: exported, uses: ['smime-key-exchange'] },
    ],
    [SMIME_EXCHANGE, { uses: ['ssl-key-exchange', 'smime-key-exchange'], as: 'all' }],
  )
}

function allowedSignatures({ tls, smime }: Purposes): readonly string[] {
  return printUses(
    [
      { names: signatureKeys(tls), uses: ['ssl-key-exchange', 'cert-signature', 'signature'] },
      { names: signatureKeys(smime), uses: ['smime-signature', 'signature'] },
    ],
    [SIGNATURE, { uses: ['ssl-key-exchange', 'all-signature'], as: 'all' }],
  )
}

function signatureHashes({ enabled }: EffectivePolicy): readonly string[] {
  const hashes = Object.entries(HASHES)
  return enabled.sign.flatMap((name) =>
    hashes.filter(([hash]) => name.endsWith(`-${hash}`)).map(([, word]) => word),
  )
}

function signatureKeys({ enabled }: EffectivePolicy): readonly string[] {
  return enabled.sign.flatMap((name) =>
    SIGNATURE_KEYS.filter(({ begins }) => name.startsWith(begins)).map(({ word }) => word),
  )
}

function limits(tls: EffectivePolicy): readonly string[] {
  const { integers } = tls
  return [
    `tls-version-min=${lowestBound(tls, 'tls')}`,
    `dtls-version-min=${lowestBound(tls, 'dtls')}`,
    `DH-MIN=${integers.min_dh_size}`,
    `DSA-MIN=${integers.min_dsa_size}`,
    `RSA-MIN=${integers.min_rsa_size}`,
  ]
}

/**
 * Where NSS knows none of the enabled versions, a number above all versions shuts everything out;
 * NSS takes numbers as well as names. Where the policy has no version of the family at all, the
 * bound is 0, which is none: looser than the policy, but what every published configuration has.
 */
function lowestBound(tls: EffectivePolicy, family: ProtocolFamily): string {
  const lowest = knownVersions(tls, family, VERSIONS).at(-1)
  if (lowest !== undefined) return lowest
  return lowestVersion(tls, family) === undefined ? '0' : '65535'
}
