/** The words of the policy module of NSS (NSS source, lib/pk11wrap/pk11pars.c). */
import type { AllowedTls, MinimumKeySizes } from '../../algorithms/allowed-tls.ts'
import type { TlsGroup } from '../../algorithms/tls-groups.ts'
import { TLS_SIGNATURE_SCHEMES, type TlsSignatureScheme } from '../../algorithms/tls-signatures.ts'
import { canNegotiate, TLS_SUITES, type TlsSuite } from '../../algorithms/tls-suites.ts'
import { isSince, type NssRelease } from '../library-releases.ts'
import { chooseWords } from './combinations.ts'
import { findUnenforced, NEVER } from './demands.ts'
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
}

/** Offered with TLS 1.3 whatever is said: no word speaks of them. */
const FIXED_GROUPS = ['ffdhe2048', 'ffdhe3072', 'ffdhe4096', 'ffdhe6144', 'ffdhe8192']

/** Its word takes it in from here on; before, a release that has it offers it always. */
const HYBRID = { name: 'X25519MLKEM768', word: 'mlkem768x25519', since: '3.110', off: '3.132' }

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

/**
 * What NSS offers before TLS 1.3 where a program does not switch on others; a policy only takes
 * away from it.
 */
const OFFERED: ReadonlySet<number> = new Set([
  ...[0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013, 0xc023, 0xc027],
  ...[0xc014, 0x009e, 0xccaa, 0x009f, 0x0033, 0x0032, 0x0067, 0x0039, 0x0038, 0x006b, 0x0016],
  ...[0x0013, 0x009c, 0x009d, 0x002f, 0x003c, 0x0035, 0x003d, 0x000a, 0x0005, 0x0004],
])

/**
 * By the beginnings of scheme names; NSS has RSA-PSS with ordinary RSA keys only. The
 * word for DSA is left out: it would allow hashes with it that TLS elsewhere has no schemes for.
 */
const KEYS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^rsa_pkcs1_/, ['RSA-PKCS']],
  [/^rsa_pss_rsae_/, ['RSA-PSS', 'RSA-PKCS']],
  [/^ecdsa_/, ['ECDSA']],
  [/^mldsa44$/, ['ML-DSA-44']],
  [/^mldsa65$/, ['ML-DSA-65']],
  [/^mldsa87$/, ['ML-DSA-87']],
]

const HASH = /_(sha1|sha224|sha256|sha384|sha512)$/

/** Needed for certificates, and for the signatures of a handshake. */
const SIGNATURE_USES = 'ssl-key-exchange,cert-signature,signature'

export function nssDialect(release: NssRelease): Dialect {
  const hasHybrid = isSince(release, HYBRID.since)
  const isHybridFixed = hasHybrid && !isSince(release, HYBRID.off)
  return {
    contiguous: true,
    fixedTls13: [...FIXED_GROUPS, ...(isHybridFixed ? [HYBRID.name] : [])],
    version: ({ name }) => VERSIONS[name],
    suite: (suite) => (isOffered(suite) ? suiteWords(suite) && suite.name : undefined),
    group: ({ name }) => groupWord(name, hasHybrid),
    scheme: (scheme) =>
      scheme.key === 'ml-dsa' && !isSince(release, '3.132')
        ? undefined
        : schemeWords(scheme) && scheme.name,
    combine: combineInNss,
    namesOldGroup: ({ kind }) => kind === 'curve',
    undecided: ['the order of everything'],
    unenforced: (demands) => {
      const { minimumKeySizes, groups } = demands.allowed
      const keySizes = { ...minimumKeySizes, ec: smallestCurve(groups) }
      return findUnenforced(demands, { keySizes })
    },
  }
}

/** The words that a suite needs, or undefined where NSS does not offer it of itself. */
export function wordsOfOfferedSuite(suite: TlsSuite): readonly string[] | undefined {
  return isOffered(suite) ? suiteWords(suite) : undefined
}

function isOffered({ number, keyExchange }: TlsSuite): boolean {
  return keyExchange === undefined || OFFERED.has(number)
}

/** Keys on a curve are for certificates what the curve is for key exchanges. */
function smallestCurve(groups: readonly TlsGroup[]): number {
  const curves = groups.filter(({ name }) => name.startsWith('secp'))
  return Math.min(NEVER, ...curves.map(({ bits }) => bits))
}

function groupWord(name: string, hasHybrid: boolean): string | undefined {
  if (name === HYBRID.name) return hasHybrid ? HYBRID.word : undefined
  // Said without a word: TLS 1.3 has them all, or is given up.
  return GROUPS[name] ?? (FIXED_GROUPS.includes(name) ? name : undefined)
}

/** What of it NSS can allow without allowing more: it combines all words that it is given. */
function combineInNss(allowed: AllowedTls): AllowedTls {
  const { suites, signatureSchemes, versions } = allowed
  const usable = TLS_SUITES.filter((suite) => versions.some((one) => canNegotiate(suite, one)))
  return {
    ...allowed,
    suites: chooseItems(suites, usable, suiteWords),
    signatureSchemes: chooseItems(signatureSchemes, TLS_SIGNATURE_SCHEMES, schemeWords),
  }
}

/** A module for pkcs11.txt, or for the file that the system-wide policy of NSS is in. */
export function printNss(spoken: Spoken): string {
  const names = new Set([...spoken.suites13, ...spoken.suites12])
  const suites = TLS_SUITES.filter(({ name }) => names.has(name))
  const schemes = TLS_SIGNATURE_SCHEMES.filter(({ name }) => spoken.schemes.includes(name))
  const allow = [
    ...unique(suites, (suite) => suiteWords(suite)),
    ...spoken.groups.filter((word) => !FIXED_GROUPS.includes(word)),
    ...unique(schemes, (scheme) => schemeWords(scheme)),
    ...limits(spoken, spoken.allowed.minimumKeySizes),
  ]
  const config = `disallow=ALL allow=${allow.join(':')}`
  return `library=\nname=Policy\nNSS=flags=policyOnly,moduleDB\nconfig="${config}"\n`
}

function chooseItems<Item>(
  items: readonly Item[],
  all: readonly Item[],
  wordsOf: (item: Item) => readonly string[] | undefined,
): readonly Item[] {
  const known = (item: Item): readonly string[] => wordsOf(item) ?? []
  const speakable = all.filter((item) => wordsOf(item) !== undefined)
  const words = chooseWords(new Set(items), speakable, known)
  return items.filter((item) => known(item).every((word) => words.has(word)))
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
    `tls-version-min=${versions.at(0)}`,
    `tls-version-max=${versions.at(-1)}`,
    ...Object.entries(sizes).map(([word, bits]) => `${word}=${bits}`),
  ]
}
