/** Expands OpenSSL's cipher lists (ciphers(1)) to the suites that they select. */
import { findTlsSuiteByOpensslName, opensslSuiteName } from '../../algorithms/tls-suite-openssl.ts'
import { findTlsSuiteByName, TLS_SUITES, type TlsSuite } from '../../algorithms/tls-suites.ts'

export type CipherListExpansion = {
  /** Of TLS 1.2 and older, in the order in which the list names them. */
  readonly suites: readonly TlsSuite[]
  /** Of TLS 1.3, where the list names some. */
  readonly named13: readonly TlsSuite[]
  /** Of TLS 1.3: those, or the ones that OpenSSL allows whatever the list says. */
  readonly suites13: readonly TlsSuite[]
  /** Words that select nothing; OpenSSL ignores them silently. */
  readonly ignored: readonly string[]
}

type Selector = (suite: TlsSuite) => boolean

/**
 * What OpenSSL can choose from, for TLS 1.2 and older, in about its order: authenticated ciphers
 * first, long keys before short ones.
 */
const CHOICE = TLS_SUITES.filter((suite) => suite.keyExchange && opensslSuiteName(suite)).toSorted(
  (a, b) => weight(a) - weight(b),
)

const DEFAULT_TLS13 = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
]

const KEYWORDS: Readonly<Record<string, Selector>> = {
  ALL: (suite) => !isNull(suite),
  COMPLEMENTOFALL: isNull,
  DEFAULT: isDefault,
  COMPLEMENTOFDEFAULT: (suite) => !isNull(suite) && !isDefault(suite),
  HIGH: hasCipher(/^(AES|CAMELLIA|CHACHA20)/),
  MEDIUM: hasCipher(/^(3DES|ARCFOUR)/),
  KRSA: hasExchange(/^RSA$/),
  RSA: hasExchange(/^RSA$/),
  ARSA: hasExchange(/^(RSA|RSA-PSK|DHE-RSA|ECDHE-RSA|SRP-RSA)$/),
  KECDHE: hasExchange(/^(ECDHE-(RSA|ECDSA)|ANON-ECDH)$/),
  KEECDH: hasExchange(/^(ECDHE-(RSA|ECDSA)|ANON-ECDH)$/),
  ECDH: hasExchange(/^(ECDHE-(RSA|ECDSA)|ANON-ECDH)$/),
  ECDHE: hasExchange(/^ECDHE-(RSA|ECDSA)$/),
  EECDH: hasExchange(/^ECDHE-(RSA|ECDSA)$/),
  KDHE: hasExchange(/^(DHE-(RSA|DSS)|ANON-DH)$/),
  KEDH: hasExchange(/^(DHE-(RSA|DSS)|ANON-DH)$/),
  DH: hasExchange(/^(DHE-(RSA|DSS)|ANON-DH)$/),
  DHE: hasExchange(/^DHE-(RSA|DSS)$/),
  EDH: hasExchange(/^DHE-(RSA|DSS)$/),
  AECDSA: hasExchange(/^ECDHE-ECDSA$/),
  ECDSA: hasExchange(/^ECDHE-ECDSA$/),
  ADSS: hasExchange(/-DSS$/),
  DSS: hasExchange(/-DSS$/),
  ANULL: hasExchange(/^ANON-/),
  ADH: hasExchange(/^ANON-DH$/),
  AECDH: hasExchange(/^ANON-ECDH$/),
  PSK: hasExchange(/PSK$/),
  APSK: hasExchange(/^(PSK|DHE-PSK|ECDHE-PSK)$/),
  KPSK: hasExchange(/^PSK$/),
  KDHEPSK: hasExchange(/^DHE-PSK$/),
  KECDHEPSK: hasExchange(/^ECDHE-PSK$/),
  KRSAPSK: hasExchange(/^RSA-PSK$/),
  SRP: hasExchange(/^SRP/),
  KSRP: hasExchange(/^SRP/),
  ENULL: isNull,
  NULL: isNull,
  AES: hasCipher(/^AES/),
  AES128: hasCipher(/^AES-128/),
  AES256: hasCipher(/^AES-256/),
  AESGCM: hasCipher(/^AES-\d+-GCM$/),
  AESCCM: hasCipher(/^AES-\d+-CCM/),
  AESCCM8: hasCipher(/^AES-\d+-CCM-8$/),
  CAMELLIA: hasCipher(/^CAMELLIA/),
  CAMELLIA128: hasCipher(/^CAMELLIA-128/),
  CAMELLIA256: hasCipher(/^CAMELLIA-256/),
  CHACHA20: hasCipher(/^CHACHA20/),
  '3DES': hasCipher(/^3DES/),
  RC4: hasCipher(/^ARCFOUR/),
  SHA: ({ mac }) => mac === 'SHA1',
  SHA1: ({ mac }) => mac === 'SHA1',
  SHA256: ({ mac }) => mac === 'SHA256',
  SHA384: ({ mac }) => mac === 'SHA384',
  MD5: ({ mac }) => mac === 'MD5',
  'TLSV1.2': ({ minimum }) => minimum === 'TLS1.2',
}

/**
 * list    = element *( (":" / "," / " ") element )
 * element = [ "!" / "-" / "+" ] word *( "+" word )
 *         / "@STRENGTH" / "@SECLEVEL=" digit
 *
 * `!` removes for good, `-` for now, `+` moves to the end; a bare element appends.
 */
export function expandCipherList(text: string): CipherListExpansion {
  let suites: readonly TlsSuite[] = []
  const killed = new Set<TlsSuite>()
  const named13: TlsSuite[] = []
  const ignored: string[] = []
  for (const element of text.split(/[:, ;]+/).filter((word) => word !== '')) {
    const sign = /^[!+-]/.exec(element)?.[0]
    const word = sign ? element.slice(1) : element
    const selected = select(word)
    if (!selected) ignored.push(element)
    const chosen = new Set(selected)
    const kept = suites.filter((suite) => !chosen.has(suite))
    if (sign === '!') for (const suite of chosen) killed.add(suite)
    if (sign === '!' || sign === '-') suites = kept
    else if (sign === '+') suites = [...kept, ...suites.filter((suite) => chosen.has(suite))]
    else suites = [...suites, ...append(chosen, suites, killed, named13)]
  }
  const suites13 = named13.length > 0 ? named13 : defaultSuites13()
  return { suites, named13, suites13, ignored }
}

function append(
  chosen: ReadonlySet<TlsSuite>,
  suites: readonly TlsSuite[],
  killed: ReadonlySet<TlsSuite>,
  named13: TlsSuite[],
): readonly TlsSuite[] {
  const fresh = [...chosen].filter((suite) => !suites.includes(suite) && !killed.has(suite))
  named13.push(...fresh.filter((suite) => suite.keyExchange === undefined))
  return fresh.filter((suite) => suite.keyExchange !== undefined)
}

/** The suites of one element, or undefined where it selects by no word that is known. */
function select(word: string): readonly TlsSuite[] | undefined {
  const suite = findTlsSuiteByOpensslName(word) ?? findTlsSuiteByName(word)
  if (suite) return [suite]
  if (/^@(STRENGTH|SECLEVEL=\d)$/.test(word)) return []
  const selectors = word.split('+').map((part) => KEYWORDS[part.toUpperCase()])
  if (selectors.includes(undefined)) return undefined
  return CHOICE.filter((candidate) => selectors.every((selector) => selector?.(candidate)))
}

function defaultSuites13(): readonly TlsSuite[] {
  return DEFAULT_TLS13.flatMap((name) => findTlsSuiteByName(name) ?? [])
}

function weight({ cipher, mac }: TlsSuite): number {
  return (mac === 'AEAD' ? 0 : 2) + (/128/.test(cipher) ? 1 : 0)
}

function hasExchange(pattern: RegExp): Selector {
  return ({ keyExchange = '' }) => pattern.test(keyExchange)
}

function hasCipher(pattern: RegExp): Selector {
  return ({ cipher }) => pattern.test(cipher)
}

function isNull({ cipher }: TlsSuite): boolean {
  return cipher === 'NULL'
}

/** What OpenSSL 3 selects by default: nothing anonymous, with DSA, or out of fashion. */
function isDefault({ keyExchange = '', cipher }: TlsSuite): boolean {
  return !/^ANON|DSS$/.test(keyExchange) && /^(AES-\d+-(GCM|CBC)|CHACHA20)/.test(cipher)
}
