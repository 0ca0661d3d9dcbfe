/** The words of the policy module of NSS (NSS source, lib/pk11wrap/pk11pars.c). */
import type { AllowedTls, MinimumKeySizes } from '../../algorithms/allowed-tls.ts'
import { TLS_SIGNATURE_SCHEMES, type TlsSignatureScheme } from '../../algorithms/tls-signatures.ts'
import { canNegotiate, TLS_SUITES, type TlsSuite } from '../../algorithms/tls-suites.ts'
import { chooseWords } from './combinations.ts'
import type { Dialect, Spoken } from './dialect.ts'

type Words = Readonly<Record<string, string>>

const VERSIONS: Words = {
  'TLS1.0': 'tls1.0',
  'TLS1.1': 'tls1.1',
  'TLS1.2': 'tls1.2',
  'TLS1.3': 'tls1.3',
}

const GROUPS: Words = {
  secp256r1: 'SECP256R1',
  secp384r1: 'SECP384R1',
  secp521r1: 'SECP521R1',
  x25519: 'CURVE25519',
  X25519MLKEM768: 'mlkem768x25519',
}

const CIPHERS: Words = {
  'AES-256-GCM': 'aes256-gcm',
  'AES-128-GCM': 'aes128-gcm',
  'CHACHA20-POLY1305': 'chacha20-poly1305',
  'AES-256-CBC': 'aes256-cbc',
  'AES-128-CBC': 'aes128-cbc',
  'CAMELLIA-256-CBC': 'camellia256-cbc',
  'CAMELLIA-128-CBC': 'camellia128-cbc',
  '3DES-CBC': 'des-ede3-cbc',
  'ARCFOUR-128': 'rc4',
}

/** Authenticated ciphers need no word of their own here. */
const MACS: Words = {
  SHA1: 'HMAC-SHA1',
  MD5: 'HMAC-MD5',
  SHA256: 'HMAC-SHA256',
  SHA384: 'HMAC-SHA384',
}

const KEY_EXCHANGES: ReadonlySet<string> = new Set([
  ...['RSA', 'DHE-RSA', 'DHE-DSS', 'ECDHE-RSA', 'ECDHE-ECDSA'],
])

/** By the beginnings of scheme names; an RSA-PSS signature needs RSA keys as well. */
const KEYS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^rsa_pkcs1_/, ['RSA-PKCS']],
  [/^rsa_pss_/, ['RSA-PSS', 'RSA-PKCS']],
  [/^ecdsa_/, ['ECDSA']],
  [/^dsa_/, ['DSA']],
  [/^ed25519$/, ['ED25519']],
  [/^mldsa44$/, ['ML-DSA-44']],
  [/^mldsa65$/, ['ML-DSA-65']],
  [/^mldsa87$/, ['ML-DSA-87']],
]

const HASH = /_(sha1|sha224|sha256|sha384|sha512)$/

/** Needed for certificates, and for the signatures of a handshake. */
const SIGNATURE_USES = 'ssl-key-exchange,cert-signature,signature'

export const NSS: Dialect = {
  contiguous: true,
  version: ({ name }) => VERSIONS[name],
  suite: (suite) => suiteWords(suite) && suite.name,
  group: ({ name }) => GROUPS[name],
  scheme: (scheme) => schemeWords(scheme) && scheme.name,
  uncontrolled: ['the order of everything'],
}

/** What of it NSS can allow without allowing more: it combines all words that it is given. */
export function narrowToNss(allowed: AllowedTls): AllowedTls {
  const { suites, signatureSchemes } = allowed
  const versions = allowed.versions.filter((version) => NSS.version(version) !== undefined)
  const usable = TLS_SUITES.filter((suite) => versions.some((one) => canNegotiate(suite, one)))
  return {
    ...allowed,
    suites: narrow(suites, usable, suiteWords),
    signatureSchemes: narrow(signatureSchemes, TLS_SIGNATURE_SCHEMES, schemeWords),
  }
}

/** A module for pkcs11.txt, or for the file that the system-wide policy of NSS is in. */
export function printNss(spoken: Spoken, sizes: MinimumKeySizes): string {
  const names = new Set([...spoken.suites13, ...spoken.suites12])
  const suites = TLS_SUITES.filter(({ name }) => names.has(name))
  const schemes = TLS_SIGNATURE_SCHEMES.filter(({ name }) => spoken.schemes.includes(name))
  const allow = [
    ...unique(suites, (suite) => suiteWords(suite)),
    ...spoken.groups,
    ...unique(schemes, (scheme) => schemeWords(scheme)),
    ...limits(spoken, sizes),
  ]
  const config = `disallow=ALL allow=${allow.join(':')}`
  return `library=\nname=Policy\nNSS=flags=policyOnly,moduleDB\nconfig="${config}"\n`
}

function narrow<Item>(
  items: readonly Item[],
  all: readonly Item[],
  wordsOf: (item: Item) => readonly string[] | undefined,
): readonly Item[] {
  const known = (item: Item): readonly string[] => wordsOf(item) ?? []
  const speakable = all.filter((item) => wordsOf(item) !== undefined)
  const wanted = new Set(items.filter((item) => wordsOf(item) !== undefined))
  const words = chooseWords(wanted, speakable, known)
  // What NSS has no name for stays, for the dialect to leave out with that reason.
  return items.filter((item) => !wanted.has(item) || known(item).every((word) => words.has(word)))
}

/** The words that a suite needs, or undefined where NSS does not have it. */
function suiteWords({ keyExchange, cipher, mac }: TlsSuite): readonly string[] | undefined {
  const cipherWord = CIPHERS[cipher]
  if (cipherWord === undefined) return undefined
  if (keyExchange === undefined) return [`${cipherWord}/ssl`]
  if (!KEY_EXCHANGES.has(keyExchange) || !hasMac(cipher, mac)) return undefined
  const macWord = MACS[mac]
  return [
    `${keyExchange}/ssl-key-exchange`,
    `${cipherWord}/ssl`,
    ...(macWord === undefined ? [] : [`${macWord}/ssl`]),
  ]
}

/** NSS has the other block ciphers with SHA-1 only. */
function hasMac(cipher: string, mac: string): boolean {
  return !/^(CAMELLIA|3DES)/.test(cipher) || mac === 'SHA1'
}

function schemeWords({ name }: TlsSignatureScheme): readonly string[] | undefined {
  const keys = KEYS.find(([pattern]) => pattern.test(name))?.[1]
  const hash = HASH.exec(name)?.[1]
  const words = keys && [...keys, ...(hash === undefined ? [] : [hash.toUpperCase()])]
  return words?.map((word) => `${word}/${SIGNATURE_USES}`)
}

function unique<Item>(
  items: readonly Item[],
  wordsOf: (item: Item) => readonly string[] | undefined,
): readonly string[] {
  return [...new Set(items.flatMap((item) => wordsOf(item) ?? []))]
}

function limits({ versions }: Spoken, { rsa, dh, dsa }: MinimumKeySizes): readonly string[] {
  const sizes = { 'RSA-MIN': rsa, 'DH-MIN': dh, 'DSA-MIN': dsa }
  return [
    // A number above every version shuts all of them out.
    `tls-version-min=${versions.at(0) ?? 65535}`,
    ...(versions.length > 0 ? [`tls-version-max=${versions.at(-1)}`] : []),
    ...Object.entries(sizes).map(([word, bits]) => `${word}=${bits}`),
  ]
}
