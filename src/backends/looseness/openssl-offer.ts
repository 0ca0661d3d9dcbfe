/**
 * What a release of OpenSSL offers under the file that the back-end writes (SSL_CONF_cmd(3)): it drops
 * a setting that it cannot read, and keeps its own. Each turn was tried with `openssl s_client`.
 */
import type { GroupName } from '../../algorithms/group.ts'
import type { OpensslSuite } from '../../algorithms/openssl-suites.ts'
import type { ProtocolFamily, ProtocolName } from '../../algorithms/protocol.ts'
import type { SignatureName } from '../../algorithms/signature.ts'
import { findTlsSuite, findTlsSuiteByName, type TlsSuite } from '../../algorithms/tls-suites.ts'
import { memoizePairs } from '../../cache/memoize.ts'
import { expandCipherList } from '../../priority/cipher-list/cipher-list.ts'
import { DEFAULT_SUITES13 } from '../../priority/convert/openssl-settings.ts'
import {
  findRelease,
  isSince,
  type OpensslRelease,
  oldestRelease,
} from '../../priority/library-releases.ts'
import { OPENSSL_SIGNATURES, OPENSSL_VERSIONS } from '../openssl-names.ts'
import {
  type Frame,
  isNewSignature,
  ownGroups,
  ownSignatures,
  reachesLevel,
} from './openssl-defaults.ts'

/** Releases from which on OpenSSL reads the file otherwise. */
export const OPENSSL_TURNS = ['3.0', '3.2', '3.3', '3.4', '3.5'] as const

export type OpensslOffer = {
  readonly versions: readonly ProtocolName[]
  /** Before TLS 1.3. */
  readonly suites: readonly TlsSuite[]
  readonly suites13: readonly TlsSuite[]
  /** Whether the suites of TLS 1.3 are OpenSSL's own, not those of the file. */
  readonly hasOwnSuites13: boolean
  /** OpenSSL's own; none where it takes those of the file. */
  readonly groups: readonly GroupName[]
  readonly signatures: readonly SignatureName[]
}

/** What each of the turns offers, in their order; each release reads the file as the turn before it. */
export function readOpensslOffers(text: string): readonly OpensslOffer[] {
  const settings: Settings = new Map(
    [...text.matchAll(/^([\w.]+) = (.*)$/gm)].map(([, key = '', value = '']) => [key, value]),
  )
  return OPENSSL_TURNS.map((turn) => readOffer(settings, turn))
}

type Settings = ReadonlyMap<string, string>

/** Once for each release that cipher lists tell apart; the turns are more. */
const expandCiphers = memoizePairs((settings: Settings, release: OpensslRelease) =>
  expandCipherList({ name: 'CipherString', text: settings.get('CipherString') ?? '' }, release),
)

function readOffer(settings: Settings, release: string): OpensslOffer {
  const known = findRelease('openssl', release) ?? oldestRelease('openssl')
  const { suites, level } = expandCiphers(settings, known)
  const { suites13, hasOwnSuites13, hasSuites13 } = readSuites13(settings, level, release)
  const hasAll13 = hasSuites13 && hasKnownGroup(settings, release)
  const families = (['tls', 'dtls'] as const).map((family): FamilyOffer => {
    const written = readSignatures(settings, release, family)
    const range = versionsIn(settings, family, level, release)
    const versions = hasAll13 ? range : range.filter((name) => name !== 'TLS1.3')
    const frame = { level, versions, release }
    const isNewest = range.includes('TLS1.3')
    const signatures = (written ?? ownSignatures(frame)).filter(
      (name) => isNewest || !isNewSignature(name),
    )
    const hasOwnSignatures = written === undefined
    return offerOf({ suites, suites13, signatures, hasOwnSignatures, frame })
  })
  const all = <Key extends keyof FamilyOffer>(key: Key) => [
    ...new Set(families.flatMap((family) => family[key] as readonly FamilyOffer[Key][number][])),
  ]
  return {
    versions: all('versions'),
    suites: all('suites'),
    suites13: all('suites13'),
    hasOwnSuites13,
    groups: takesGroups(release) ? [] : all('groups'),
    signatures: all('ownSignatures'),
  }
}

/** What is offered of a family of versions: nothing at all where no version has a suite. */
type FamilyOffer = Pick<OpensslOffer, 'versions' | 'suites' | 'suites13'> & {
  readonly groups: readonly GroupName[]
  readonly ownSignatures: readonly SignatureName[]
}

const NOTHING: FamilyOffer = {
  ...{ versions: [], suites: [], suites13: [], groups: [], ownSignatures: [] },
}

function offerOf({
  suites,
  suites13,
  signatures,
  hasOwnSignatures,
  frame,
}: {
  readonly suites: readonly OpensslSuite[]
  readonly suites13: readonly TlsSuite[]
  readonly signatures: readonly SignatureName[]
  /** Whether they are not those of the file. */
  readonly hasOwnSignatures: boolean
  readonly frame: Frame
}): FamilyOffer {
  const { versions, level } = frame
  const isSigned = signatures.some((name) => reachesLevel(name, level))
  const isSigning = versions.some((name) => /[23]$/.test(name))
  const usable = suites.filter((suite) => isUsable(suite, versions, signatures, level))
  const offered = usable.flatMap(({ number }) => findTlsSuite(number) ?? [])
  const offered13 = versions.includes('TLS1.3') ? suites13 : []
  const isIdle = offered.length === 0 && !versions.includes('TLS1.3')
  if (isIdle || (isSigning && !isSigned)) return NOTHING
  const groups = ownGroups({ ...frame, suites: offered })
  const rest = { versions, suites: offered, suites13: offered13, groups }
  return { ...rest, ownSignatures: isSigning && hasOwnSignatures ? signatures : [] }
}

/** The marks `*` and `/` came with 3.5. Before it, an empty list is an error too. */
function takesGroups(release: string): boolean {
  return isSince(release, '3.5')
}

/** Before 3.5 it is OpenSSL's own list, so that there is always one. */
function hasKnownGroup(settings: Settings, release: string): boolean {
  const words = (settings.get('Groups') ?? '').split(/[:/*]+/)
  return !takesGroups(release) || words.some((word) => KNOWN_GROUP.test(word))
}

/** Groups that need no provider of another vendor. */
const KNOWN_GROUP = /^[^?]|^\?(mlkem\d+$|X25519MLKEM|SecP|brainpool)/

const KNOWN_VERSIONS: Readonly<Record<ProtocolFamily, readonly ProtocolName[]>> = {
  tls: ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0'],
  dtls: ['DTLS1.2', 'DTLS1.0'],
  ike: [],
}

/** Below what it has built in, a bound means nothing; one that it does not know is dropped. */
function versionsIn(
  settings: Settings,
  family: ProtocolFamily,
  level: number,
  release: string,
): readonly ProtocolName[] {
  const known = KNOWN_VERSIONS[family]
  const bound = (end: string): ProtocolName | undefined => {
    const setting = settings.get(`${family.toUpperCase()}.${end}`)
    const row = Object.entries(OPENSSL_VERSIONS).find(([, name]) => name === setting)
    const isFamily = row?.[0].startsWith('D') === (family === 'dtls')
    return isFamily && row?.[0] !== 'DTLS0.9' ? (row?.[0] as ProtocolName) : undefined
  }
  const [lowest, highest] = [bound('MinProtocol'), bound('MaxProtocol')]
  if (highest === 'SSL3.0') return []
  const from = highest === undefined ? 0 : known.indexOf(highest)
  const to = lowest === undefined || lowest === 'SSL3.0' ? known.length : known.indexOf(lowest) + 1
  return known.slice(from, to).filter((name) => hasVersionAt(name, level, release))
}

function hasVersionAt(name: ProtocolName, level: number, release: string): boolean {
  if (/[23]$/.test(name)) return true
  if (isSince(release, '3.2')) return level === 0
  return name !== 'TLS1.0' || level < 3
}

function readSuites13(settings: Settings, level: number, release: string) {
  const names = (settings.get('Ciphersuites') ?? '').split(':').filter((name) => name !== '')
  const known = names.filter((name) => hasSuite13(name, release))
  const hasOwnSuites13 = names.length > 0 && known.length === 0
  // AES-128 reaches level 3, the highest that the back-end writes.
  const offered = (hasOwnSuites13 ? DEFAULT_SUITES13 : known).filter(
    (name) => level === 0 || !isClear(name),
  )
  const suites13 = offered.flatMap((name) => findTlsSuiteByName(name) ?? [])
  return { suites13, hasOwnSuites13, hasSuites13: offered.length > 0 }
}

/** The suites without encryption (RFC 9150) came with 3.4. */
function hasSuite13(name: string, release: string): boolean {
  return !isClear(name) || isSince(release, '3.4')
}

function isClear(name: string): boolean {
  return name.startsWith('TLS_SHA')
}

/** Undefined where OpenSSL keeps its own: before 3.3 for a mark, later where it knows no name. */
function readSignatures(
  settings: Settings,
  release: string,
  family: ProtocolFamily,
): readonly SignatureName[] | undefined {
  const words = (settings.get('SignatureAlgorithms') ?? '').split(':').filter(Boolean)
  const hasMarks = words.some((word) => word.startsWith('?'))
  if (hasMarks && !isSince(release, '3.3')) return undefined
  const known = words.filter((word) => isKnownSignature(word, release, family))
  if (known.length === 0) return undefined
  const rows = Object.entries(OPENSSL_SIGNATURES)
  return known.flatMap((word) => {
    const row = rows.find(([, name]) => name === word)
    return row ? (row[0] as SignatureName) : []
  })
}

/** OpenSSL has ML-DSA from 3.5 on, and not in DTLS; other marked names need a provider of another vendor. */
function isKnownSignature(word: string, release: string, family: ProtocolFamily): boolean {
  if (!word.startsWith('?') || word.startsWith('?ecdsa_brainpool')) return true
  return /^\?mldsa(44|65|87)$/.test(word) && isSince(release, '3.5') && family === 'tls'
}

/** OpenSSL offers a suite where a version can negotiate it and a key could sign for it. */
function isUsable(
  { version, authentication }: OpensslSuite,
  versions: readonly ProtocolName[],
  signatures: readonly SignatureName[],
  level: number,
): boolean {
  const old = versions.filter((name) => name !== 'TLS1.3')
  const isSpoken = version === 'TLSv1.2' ? old.some((name) => name.endsWith('1.2')) : old.length > 0
  const keys = KEYS[authentication]
  return (
    isSpoken && (!keys || signatures.some((name) => keys.test(name) && reachesLevel(name, level)))
  )
}

/** The signatures of the keys that each kind of authentication takes. */
const KEYS: Readonly<Record<string, RegExp>> = {
  RSA: /^RSA-/,
  DSS: /^DSA-/,
  ECDSA: /^(ECDSA-SHA|EDDSA-)/,
}
