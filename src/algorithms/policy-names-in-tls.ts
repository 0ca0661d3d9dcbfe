/** What the algorithms of a policy are in TLS: parts of suites, groups, signature schemes. */
import type { CipherName } from './cipher.ts'
import type { GroupName } from './group.ts'
import type { HashName } from './hash.ts'
import type { KeyExchangeName } from './key-exchange.ts'
import type { MacName } from './mac.ts'
import type { SignatureName } from './signature.ts'
import type { TlsSignatureSchemeName } from './tls-signatures.ts'
import type { TlsSuite } from './tls-suites.ts'

type Names<Name extends string, Value> = { readonly [N in Name]?: Value }

/** Ciphers that suites call otherwise. The short tag of AES-128-CCM-8 has no name in policies. */
export const SUITE_CIPHERS: Names<CipherName, string> = { 'RC4-128': 'ARCFOUR-128' }

export const SUITE_MACS: Names<MacName, string> = {
  'HMAC-SHA1': 'SHA1',
  'HMAC-SHA2-256': 'SHA256',
  'HMAC-SHA2-384': 'SHA384',
  'HMAC-SHA2-512': 'SHA512',
  'HMAC-MD5': 'MD5',
}

/** `ECDHE` is an exchange with a certificate of either kind. */
export const SUITE_KEY_EXCHANGES: Names<KeyExchangeName, readonly string[]> = {
  ECDHE: ['ECDHE-RSA', 'ECDHE-ECDSA'],
  RSA: ['RSA'],
  'DHE-RSA': ['DHE-RSA'],
  'DHE-DSS': ['DHE-DSS'],
  PSK: ['PSK'],
  'DHE-PSK': ['DHE-PSK'],
  'ECDHE-PSK': ['ECDHE-PSK'],
  'RSA-PSK': ['RSA-PSK'],
  ANON: ['ANON-DH', 'ANON-ECDH'],
  'VKO-GOST-2012': ['VKO-GOST-12'],
}

/** The hashes that suites derive keys with. */
export const PSEUDORANDOM_HASHES: Names<HashName, string> = {
  'SHA2-256': 'SHA256',
  'SHA2-384': 'SHA384',
  'STREEBOG-256': 'STREEBOG-256',
}

/** What policies call the parts of a suite; a part without a name in policies has its own. */
export function policyNamesOf({ keyExchange, cipher, mac, prf }: TlsSuite): readonly string[] {
  const exchanges = keyExchange === undefined ? [] : [nameIn(SUITE_KEY_EXCHANGES, keyExchange)]
  return [
    ...exchanges,
    nameIn(SUITE_CIPHERS, cipher),
    nameIn(SUITE_MACS, mac),
    nameIn(PSEUDORANDOM_HASHES, prf),
  ]
}

function nameIn(table: Names<string, string | readonly string[]>, part: string): string {
  const row = Object.entries(table).find(([, words]) => [words].flat().includes(part))
  return row?.[0] ?? part
}

/** Names in the registry. */
export const GROUPS_IN_TLS: Names<GroupName, string> = {
  'MLKEM768-X25519': 'X25519MLKEM768',
  'P256-MLKEM768': 'SecP256r1MLKEM768',
  'P384-MLKEM1024': 'SecP384r1MLKEM1024',
  X25519: 'x25519',
  X448: 'x448',
  SECP256R1: 'secp256r1',
  SECP384R1: 'secp384r1',
  SECP521R1: 'secp521r1',
  'FFDHE-2048': 'ffdhe2048',
  'FFDHE-3072': 'ffdhe3072',
  'FFDHE-4096': 'ffdhe4096',
  'FFDHE-6144': 'ffdhe6144',
  'FFDHE-8192': 'ffdhe8192',
  'GOST-GC256A': 'GC256A',
  'GOST-GC256B': 'GC256B',
  'GOST-GC256C': 'GC256C',
  'GOST-GC256D': 'GC256D',
  'GOST-GC512A': 'GC512A',
  'GOST-GC512B': 'GC512B',
  'GOST-GC512C': 'GC512C',
}

/** Signatures with SHA-224 or SHA-3 have no scheme in the table. */
export const SCHEMES_OF_SIGNATURES: Names<SignatureName, TlsSignatureSchemeName> = {
  'RSA-SHA1': 'rsa_pkcs1_sha1',
  'DSA-SHA1': 'dsa_sha1',
  'ECDSA-SHA1': 'ecdsa_sha1',
  'RSA-SHA2-256': 'rsa_pkcs1_sha256',
  'RSA-SHA2-384': 'rsa_pkcs1_sha384',
  'RSA-SHA2-512': 'rsa_pkcs1_sha512',
  'ECDSA-SHA2-256': 'ecdsa_secp256r1_sha256',
  'ECDSA-SHA2-384': 'ecdsa_secp384r1_sha384',
  'ECDSA-SHA2-512': 'ecdsa_secp521r1_sha512',
  'RSA-PSS-SHA2-256': 'rsa_pss_pss_sha256',
  'RSA-PSS-SHA2-384': 'rsa_pss_pss_sha384',
  'RSA-PSS-SHA2-512': 'rsa_pss_pss_sha512',
  'RSA-PSS-RSAE-SHA2-256': 'rsa_pss_rsae_sha256',
  'RSA-PSS-RSAE-SHA2-384': 'rsa_pss_rsae_sha384',
  'RSA-PSS-RSAE-SHA2-512': 'rsa_pss_rsae_sha512',
  'EDDSA-ED25519': 'ed25519',
  'EDDSA-ED448': 'ed448',
  'GOSTR341012-256': 'gostr34102012_256',
  'GOSTR341012-512': 'gostr34102012_512',
  MLDSA44: 'mldsa44',
  MLDSA65: 'mldsa65',
  MLDSA87: 'mldsa87',
}
