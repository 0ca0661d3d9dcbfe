/**
 * What Java offers under the file that the back-end writes (java.security of OpenJDK): everything that no word of
 * the lists takes away. Each turn was tried with a client of it.
 */
import type { ProtocolName } from '../../algorithms/protocol.ts'
import type { SignatureName } from '../../algorithms/signature.ts'
import { canNegotiate, TLS_SUITES, type TlsSuite } from '../../algorithms/tls-suites.ts'
import { TLS_VERSIONS } from '../../algorithms/tls-versions.ts'
import { isSince, type JdkRelease } from '../../priority/library-releases.ts'
import type { LibraryOffer } from './kept.ts'

const VERSIONS: readonly ProtocolName[] = [
  ...(['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0', 'DTLS1.2', 'DTLS1.0'] as const),
]

/** Words of the list of versions; the other two are never in it. */
const VERSION_WORDS: Readonly<Record<string, string>> = {
  ...{ 'TLS1.2': 'TLSv1.2', 'TLS1.1': 'TLSv1.1', 'TLS1.0': 'TLSv1', 'DTLS1.0': 'DTLSv1.0' },
}

const CIPHER_WORDS: Readonly<Record<string, string>> = {
  ...{ 'AES-256-GCM': 'AES_256_GCM', 'AES-128-GCM': 'AES_128_GCM' },
  ...{ 'AES-256-CBC': 'AES_256_CBC', 'AES-128-CBC': 'AES_128_CBC' },
  ...{ 'CHACHA20-POLY1305': 'ChaCha20-Poly1305', '3DES-CBC': '3DES_EDE_CBC' },
}

/** A suite goes with each word that stands for a part of its exchange. */
const EXCHANGE_WORDS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['RSA'],
  'ECDHE-RSA': ['ECDHE', 'RSA'],
  'ECDHE-ECDSA': ['ECDHE', 'ECDSA'],
  'DHE-RSA': ['DHE_RSA', 'DHE', 'DH', 'RSA'],
  'DHE-DSS': ['DHE_DSS', 'DHE', 'DH', 'DSA'],
  ECDH: ['ECDH'],
}

const PSS: readonly SignatureName[] = [
  ...(['RSA-PSS-SHA2-256', 'RSA-PSS-SHA2-384', 'RSA-PSS-SHA2-512'] as const),
  ...(['RSA-PSS-RSAE-SHA2-256', 'RSA-PSS-RSAE-SHA2-384', 'RSA-PSS-RSAE-SHA2-512'] as const),
]

const IN_JAVA = TLS_SUITES.filter(
  ({ cipher, keyExchange = 'RSA', minimum }) =>
    cipher in CIPHER_WORDS && keyExchange in EXCHANGE_WORDS && minimum !== undefined,
)

/** Exchanges with a fixed key on a curve: GnuTLS has none, and the table has what GnuTLS has. */
const STATIC: readonly TlsSuite[] = IN_JAVA.filter(
  ({ keyExchange, cipher }) => /^ECDHE-/.test(keyExchange ?? '') && !cipher.startsWith('CHACHA'),
).map((suite) => ({ ...suite, keyExchange: 'ECDH' }))

const SUITES: readonly TlsSuite[] = [...IN_JAVA, ...STATIC]

/** @param text of the file. Of signatures those with RSA-PSS: the others have words that take them away. */
export function readJavaOffer(text: string, release: JdkRelease): LibraryOffer {
  const words = readWords(text)
  const suites = SUITES.filter((suite) => !isDisabled(suite, words, release))
  const versions = VERSIONS.filter((name) => {
    const isOff = words.has(VERSION_WORDS[name] ?? '')
    return !isOff && suites.some((suite) => isOfVersion(suite, name))
  })
  const isSigning = versions.some((name) => /[23]$/.test(name))
  const hasHybrid = isSince(release, '25') && versions.includes('TLS1.3')
  return {
    versions,
    suites: suites.filter((suite) => versions.some((name) => isOfVersion(suite, name))),
    groups: hasHybrid ? ['MLKEM768-X25519'] : [],
    // Without a size all keys of the kind RSA go, and those that are bound to the padding stay.
    signatures: isSigning ? PSS.filter((one) => !words.has('RSA') || !one.includes('RSAE')) : [],
  }
}

function readWords(text: string): ReadonlySet<string> {
  const lists = text.matchAll(/^jdk\.(?:tls\.disabledAlgorithms|disabled\.namedCurves)=(.*)$/gm)
  return new Set([...lists].flatMap(([, list = '']) => (list === '' ? [] : list.split(', '))))
}

/** Before 25 the words of ciphers do not reach the suites of TLS 1.3 with AES; 21 no longer offers 3DES of itself. */
function isDisabled(suite: TlsSuite, words: ReadonlySet<string>, release: JdkRelease): boolean {
  const { name, keyExchange, cipher, mac, prf } = suite
  if (cipher === '3DES-CBC' && isSince(release, '21')) return true
  const isReached = keyExchange !== undefined || isSince(release, '25') || !/^AES/.test(cipher)
  const parts = [
    name,
    ...(keyExchange === undefined ? [] : (EXCHANGE_WORDS[keyExchange] ?? [])),
    ...(isReached ? [CIPHER_WORDS[cipher] ?? ''] : []),
    ...(keyExchange === 'ECDH' ? [name.includes('_RSA_') ? 'RSA' : 'ECDSA'] : []),
    // A suite goes with the HMAC of the hash that derives its keys too.
    ...[`Hmac${mac}`, `Hmac${prf}`],
  ]
  return parts.some((part) => words.has(part)) || !hasGroup(suite, words)
}

const CURVES = ['secp256r1', 'secp384r1', 'secp521r1']
const PRIMES = [2048, 3072, 4096, 6144, 8192]

/** Sizes of keys go for groups too. */
function hasGroup({ keyExchange = '' }: TlsSuite, words: ReadonlySet<string>): boolean {
  const isFit = (kind: string, bits: number): boolean => bits >= smallest(kind, words)
  if (keyExchange.startsWith('DHE')) {
    return PRIMES.some((bits) => !words.has(`ffdhe${bits}`) && isFit('DH', bits))
  }
  if (!keyExchange.startsWith('ECDH')) return true
  const isEdwards = ['x25519', 'x448'].some((name) => !words.has(name))
  return (
    isEdwards || CURVES.some((name) => !words.has(name) && isFit('EC', Number(name.slice(4, 7))))
  )
}

function smallest(kind: string, words: ReadonlySet<string>): number {
  if (words.has(kind)) return Number.POSITIVE_INFINITY
  const size = [...words].find((word) => word.startsWith(`${kind} keySize < `))
  return Number(size?.split(' ').at(-1) ?? 0)
}

function isOfVersion(suite: TlsSuite, name: ProtocolName): boolean {
  const version = TLS_VERSIONS.find((one) => one.name === name)
  return version !== undefined && canNegotiate(suite, version)
}
