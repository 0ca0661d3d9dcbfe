/** The words of OpenSSL's cipher lists (ciphers(1)): which suites each selects. */
import { findOpensslSuite, type OpensslSuite } from '../../algorithms/openssl-suites.ts'
import { memoizePairs } from '../../cache/memoize.ts'
import { isSince, type OpensslRelease } from '../library-releases.ts'

/** The parts of a suite that a word can ask for; each lists what it takes. */
export type Pattern = {
  readonly exchange?: readonly string[]
  readonly authentication?: readonly string[]
  /** The cipher with its key size: `AESGCM128`. */
  readonly cipher?: readonly string[]
  readonly mac?: readonly string[]
  readonly version?: readonly string[]
  readonly strength?: readonly Strength[]
  readonly isDefault?: readonly boolean[]
  /** One suite by its name. */
  readonly suite?: readonly OpensslSuite[]
}

/** OpenSSL counts `FIPS` among the strengths, so `HIGH+FIPS` selects nothing. */
type Strength = 'HIGH' | 'MEDIUM' | 'NONE' | 'FIPS'

const ECDH = { exchange: ['ECDH'] }
const DH = { exchange: ['DH'] }
const AUTHENTICATED = { authentication: ['RSA', 'DSS', 'ECDSA', 'PSK', 'SRP'] }
const ANONYMOUS = { authentication: ['None'] }

const EXCHANGES: Readonly<Record<string, Pattern>> = {
  kRSA: { exchange: ['RSA'] },
  RSA: { exchange: ['RSA'], authentication: ['RSA'] },
  kDHE: DH,
  kEDH: DH,
  DH,
  DHE: { ...DH, ...AUTHENTICATED },
  EDH: { ...DH, ...AUTHENTICATED },
  ADH: { ...DH, ...ANONYMOUS },
  kECDHE: ECDH,
  kEECDH: ECDH,
  ECDH,
  ECDHE: { ...ECDH, ...AUTHENTICATED },
  EECDH: { ...ECDH, ...AUTHENTICATED },
  AECDH: { ...ECDH, ...ANONYMOUS },
  kPSK: { exchange: ['PSK'] },
  kRSAPSK: { exchange: ['RSAPSK'] },
  kDHEPSK: { exchange: ['DHEPSK'] },
  kECDHEPSK: { exchange: ['ECDHEPSK'] },
  PSK: { exchange: ['PSK', 'RSAPSK', 'DHEPSK', 'ECDHEPSK'] },
  kSRP: { exchange: ['SRP'] },
  SRP: { exchange: ['SRP'] },
}

const AUTHENTICATIONS: Readonly<Record<string, Pattern>> = {
  aRSA: { authentication: ['RSA'] },
  aDSS: { authentication: ['DSS'] },
  DSS: { authentication: ['DSS'] },
  aECDSA: { authentication: ['ECDSA'] },
  ECDSA: { authentication: ['ECDSA'] },
  aPSK: { authentication: ['PSK'] },
  aSRP: { authentication: ['SRP'] },
  aNULL: ANONYMOUS,
}

const AES128 = ['AES128', 'AESGCM128', 'AESCCM128', 'AESCCM8128']
const AES256 = ['AES256', 'AESGCM256', 'AESCCM256', 'AESCCM8256']
const ARIA128 = ['ARIAGCM128']
const ARIA256 = ['ARIAGCM256']
const CAMELLIA128 = ['CAMELLIA128']
const CAMELLIA256 = ['CAMELLIA256']
const CHACHA20 = ['CHACHA20256']
const CBC = ['AES128', 'AES256', ...CAMELLIA128, ...CAMELLIA256]
const AESCCM8 = ['AESCCM8128', 'AESCCM8256']
const AESCCM = ['AESCCM128', 'AESCCM256', ...AESCCM8]
const ENCRYPTING = [
  ...[...AES128, ...AES256, ...ARIA128, ...ARIA256],
  ...[...CAMELLIA128, ...CAMELLIA256, ...CHACHA20],
]

const CIPHERS: Readonly<Record<string, Pattern>> = {
  ALL: { cipher: ENCRYPTING },
  COMPLEMENTOFALL: { cipher: ['NULL0'] },
  eNULL: { cipher: ['NULL0'] },
  NULL: { cipher: ['NULL0'] },
  AES128: { cipher: AES128 },
  AES256: { cipher: AES256 },
  AES: { cipher: [...AES128, ...AES256] },
  AESGCM: { cipher: ['AESGCM128', 'AESGCM256'] },
  AESCCM: { cipher: AESCCM },
  AESCCM8: { cipher: AESCCM8 },
  CAMELLIA128: { cipher: CAMELLIA128 },
  CAMELLIA256: { cipher: CAMELLIA256 },
  CAMELLIA: { cipher: [...CAMELLIA128, ...CAMELLIA256] },
  CHACHA20: { cipher: CHACHA20 },
  ARIA: { cipher: [...ARIA128, ...ARIA256] },
  ARIAGCM: { cipher: [...ARIA128, ...ARIA256] },
  ARIA128: { cipher: ARIA128 },
  ARIA256: { cipher: ARIA256 },
  CBC: { cipher: CBC },
}

const OTHERS: Readonly<Record<string, Pattern>> = {
  MD5: { mac: ['MD5'] },
  SHA: { mac: ['SHA1'] },
  SHA1: { mac: ['SHA1'] },
  SHA256: { mac: ['SHA256'] },
  SHA384: { mac: ['SHA384'] },
  SSLv3: { version: ['SSLv3'] },
  TLSv1: { version: ['TLSv1'] },
  'TLSv1.0': { version: ['TLSv1'] },
  'TLSv1.2': { version: ['TLSv1.2'] },
  HIGH: { strength: ['HIGH'] },
  MEDIUM: { strength: ['MEDIUM'] },
  FIPS: { strength: ['FIPS'], cipher: ENCRYPTING },
  COMPLEMENTOFDEFAULT: { isDefault: [false] },
}

const WORDS = new Map(
  [EXCHANGES, AUTHENTICATIONS, CIPHERS, OTHERS].flatMap((words) => Object.entries(words)),
)

/** Words that OpenSSL has, which stand for no suites that a list could choose from. */
const IDLE_WORDS: ReadonlySet<string> = new Set([
  ...['TLSv1.1', 'TLSv1.3', 'DEFAULT', 'AEAD'],
  ...['SUITEB128', 'SUITEB128ONLY', 'SUITEB128C2', 'SUITEB192'],
])

const IDLE_SUITE = /^TLS_[A-Z0-9_]+$/

/** Words that OpenSSL has or had, for which no suite is built today. */
const UNBUILT_WORDS: ReadonlySet<string> = new Set([
  ...['LOW', 'EXP', 'EXPORT', 'EXPORT40', 'EXPORT56', 'SSLv2'],
  ...['3DES', 'DES', 'DES40', 'RC2', 'RC4', 'IDEA', 'SEED', 'FZA'],
  ...['kDHr', 'kDHd', 'kDH', 'aDH', 'kECDHr', 'kECDHe', 'kECDH', 'aECDH', 'kKRB5', 'aKRB5', 'KRB5'],
  ...['kGOST', 'kGOST18', 'aGOST', 'aGOST01', 'aGOST94', 'aGOST12', 'GOST94', 'GOST89'],
  ...['GOST89MAC', 'GOST89MAC12', 'GOST12', 'GOST2012256', 'MAGMA', 'KUZNYECHIK', 'kFZA', 'aFZA'],
])

/** Names of suites that OpenSSL has, had or has only in builds of one's own. */
const UNBUILT_SUITE =
  /^((SSL_|EXP(1024)?-)[A-Za-z0-9_-]+|([A-Z0-9]+-)*(DES-CBC3?|DES-EDE3?-CBC|3DES-EDE-CBC|RC4|RC2-CBC|IDEA-CBC|SEED|GOST\d+|NULL)(-[A-Z0-9]+)*|A?EC?DHE?-(RSA|ECDSA)-[A-Z0-9-]+)$/

/** Every word that selects something, for suggestions. */
export const CIPHER_LIST_WORDS: readonly string[] = [...WORDS.keys()]

/** What a word selects by, or undefined where it selects nothing in any release. */
export function findPattern(word: string, release: OpensslRelease): Pattern | undefined {
  const suite = findOpensslSuite(word)
  return suite ? patternOfSuite(suite, release) : WORDS.get(word)
}

/** Whether a word that selects nothing is one of OpenSSL's all the same. */
export function isIdleWord(word: string): boolean {
  return IDLE_WORDS.has(word) || IDLE_SUITE.test(word) || isUnbuilt(word)
}

/** Whether a word is one of OpenSSL's whose suites are not built: to take these away changes nothing. */
export function isUnbuilt(word: string): boolean {
  return UNBUILT_WORDS.has(word) || UNBUILT_SUITE.test(word)
}

/** Whether all parts of a suite are among those that a pattern takes. */
export function matches(suite: OpensslSuite, pattern: Pattern, release: OpensslRelease): boolean {
  const own = partsOf(suite, release)
  for (const key in pattern) {
    // A suite that is named comes with COMPLEMENTOFDEFAULT too.
    if (key === 'isDefault' && pattern.suite) continue
    const wanted: readonly unknown[] | undefined = pattern[key as keyof Pattern]
    const has: readonly unknown[] = own[key as keyof Pattern] ?? []
    if (wanted !== undefined && !has.some((part) => wanted.includes(part))) return false
  }
  return true
}

/** Every part of a suite; made once for each release, since each word of a list looks at each suite. */
const partsOf = memoizePairs(
  (suite: OpensslSuite, release: OpensslRelease): Pattern => ({
    ...patternOfSuite(suite, release),
    version: [suite.version],
    isDefault: [isDefault(suite)],
  }),
)

/** What both take, or undefined where they have a part that no suite can have. */
export function intersect(first: Pattern, second: Pattern): Pattern | undefined {
  const entries = KEYS.flatMap((key) => {
    const [one, other]: readonly (readonly unknown[] | undefined)[] = [first[key], second[key]]
    const both = one && other ? one.filter((part) => other.includes(part)) : (one ?? other)
    return both === undefined ? [] : [[key, both] as const]
  })
  return entries.some(([, parts]) => parts.length === 0) ? undefined : Object.fromEntries(entries)
}

/** How strong OpenSSL takes a cipher to be: from 3.2 on it counts a short tag as 64 bits. */
export function strengthBits({ cipher, bits }: OpensslSuite, release: OpensslRelease): number {
  return cipher === 'AESCCM8' && isSince(release, '3.2') ? 64 : bits
}

const KEYS = [
  ...(['exchange', 'authentication', 'cipher', 'mac'] as const),
  ...(['version', 'strength', 'isDefault', 'suite'] as const),
]

/** A suite that is named says nothing of versions; `AES128-SHA+TLSv1.2` is that suite. */
function patternOfSuite(suite: OpensslSuite, release: OpensslRelease): Pattern {
  return {
    exchange: [suite.exchange],
    authentication: [suite.authentication],
    cipher: [suite.cipher + suite.bits],
    mac: [suite.mac],
    strength: strengthsOf(suite, release),
    suite: [suite],
  }
}

function strengthsOf(suite: OpensslSuite, release: OpensslRelease): readonly Strength[] {
  if (suite.cipher === 'NULL') return ['NONE']
  const strength = strengthBits(suite, release) < 112 ? 'MEDIUM' : 'HIGH'
  const isFips = /^AES(GCM)?$/.test(suite.cipher) && suite.exchange !== 'SRP'
  return isFips ? [strength, 'FIPS'] : [strength]
}

/** What `COMPLEMENTOFDEFAULT` leaves aside: what `DEFAULT` takes, and all that is in clear. */
function isDefault({ cipher, authentication }: OpensslSuite): boolean {
  if (cipher === 'NULL') return true
  return /^(AES|AESGCM|CHACHA20)$/.test(cipher) && !/^(None|DSS)$/.test(authentication)
}
