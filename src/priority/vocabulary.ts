/** The words of one GnuTLS release: what each stands for, looked up in the order GnuTLS does. */
import { TLS_VERSIONS, type TlsVersion } from '../algorithms/tls-versions.ts'
import { toUpperAscii } from './ascii-case.ts'
import {
  GNUTLS_CIPHERS,
  GNUTLS_CURVES,
  GNUTLS_GROUPS,
  GNUTLS_KEY_EXCHANGES,
  GNUTLS_MACS,
  GNUTLS_SIGNATURES,
} from './gnutls-algorithms.ts'
import * as sets from './keywords.ts'
import { PRIORITY_OPTIONS, type PriorityOption } from './options.ts'
import type { CertificateType, Change, ListItems, ListName } from './priority-lists.ts'
import { type Availability, type GnutlsRelease, isAvailable } from './releases.ts'

/** What the word after `+`, `-` or `!` means. */
export type Word = {
  /** `ignored` is accepted and changes nothing. */
  readonly kind: 'algorithm' | 'set' | 'ignored'
  readonly changes: readonly Change[]
  /** The curve that must be enabled for the word to be known. */
  readonly curve?: string
}

/** A level with its names turned into the items of a release. */
export type LevelWord = {
  readonly level: sets.Level
  readonly changes: readonly Change[]
}

/** Words that share a beginning: a set or an ignored family, or exact names after it. */
type Family = {
  readonly prefix: string
  /** What every word with the prefix means. */
  readonly any?: Word
  /** What follows the prefix; a word that is not here is unknown. */
  readonly members?: ReadonlyMap<string, Word>
}

export type Vocabulary = {
  readonly release: GnutlsRelease
  readonly levels: ReadonlyMap<string, LevelWord>
  readonly options: ReadonlyMap<string, PriorityOption>
  /** What a string holds before its first word, unless that is NONE. */
  readonly start: readonly Change[]
  readonly names: ReadonlyMap<string, Word>
  readonly families: readonly Family[]
}

type Named = Availability & { readonly name: string }

export const X509: CertificateType = { name: 'X.509' }
const RAW_PUBLIC_KEY: CertificateType = { name: 'Raw Public Key' }
const CERTIFICATE_WORDS: Readonly<Record<string, CertificateType>> = {
  'X.509': X509,
  X509,
  RAWPK: RAW_PUBLIC_KEY,
}

const IGNORED: Word = { kind: 'ignored', changes: [] }

const vocabularies = new Map<GnutlsRelease, Vocabulary>()

/** The vocabulary of a release; built once. */
export function vocabularyOf(release: GnutlsRelease): Vocabulary {
  let vocabulary = vocabularies.get(release)
  if (!vocabulary) {
    vocabulary = buildVocabulary(release)
    vocabularies.set(release, vocabulary)
  }
  return vocabulary
}

/** What a word after its sign means, or undefined where the release does not know it. */
export function findWord(vocabulary: Vocabulary, text: string): Word | undefined {
  const word = toUpperAscii(text)
  const exact = vocabulary.names.get(word)
  if (exact) return exact
  const family = vocabulary.families.find(({ prefix }) => word.startsWith(prefix))
  return family?.any ?? family?.members?.get(word.slice(family.prefix.length))
}

/** The level that a word names, or undefined. */
export function findLevel(vocabulary: Vocabulary, text: string): LevelWord | undefined {
  return vocabulary.levels.get(toUpperAscii(text))
}

/** The words that can follow a sign, for suggestions: every name, and every set by its prefix. */
export function wordsOf(vocabulary: Vocabulary): readonly string[] {
  const families = vocabulary.families.flatMap(({ prefix, members }) => {
    if (members) return [...members.keys()].map((name) => prefix + name)
    return prefix.endsWith('-') ? [] : prefix
  })
  return [...vocabulary.names.keys(), ...families]
}

function buildVocabulary(release: GnutlsRelease): Vocabulary {
  const build = new ChangeBuilder(release)
  return {
    release,
    levels: levelWords(build),
    options: new Map(
      PRIORITY_OPTIONS.filter((row) => isAvailable(row, release)).map((row) => [row.name, row]),
    ),
    start: [
      build.protocols(sets.DEFAULT_PROTOCOLS),
      certificates('clientCertificates', [X509]),
      certificates('serverCertificates', [X509]),
      build.signatures(sets.DEFAULT_SIGNATURES),
      build.groups(sets.DEFAULT_GROUPS),
    ],
    names: bareNames(release),
    families: families(build),
  }
}

/** Turns sets of names into changes with the items of a release. */
class ChangeBuilder {
  readonly release: GnutlsRelease

  constructor(release: GnutlsRelease) {
    this.release = release
  }

  protocols(names: readonly string[], removes: Change['removes'] = 'items'): Change {
    const items = names.map(protocolOf)
    return { list: 'protocols', items, removes } as Change
  }

  ciphers(names: sets.NameSet): Change {
    return { list: 'ciphers', items: this.pick(GNUTLS_CIPHERS, names), removes: 'everything' }
  }

  macs(names: sets.NameSet): Change {
    return { list: 'macs', items: this.pick(GNUTLS_MACS, names), removes: 'everything' }
  }

  keyExchanges(names: sets.NameSet): Change {
    const items = this.pick(GNUTLS_KEY_EXCHANGES, names)
    return { list: 'keyExchanges', items, removes: 'everything' }
  }

  signatures(names: sets.NameSet): Change {
    return { list: 'signatures', items: this.pick(GNUTLS_SIGNATURES, names), removes: 'everything' }
  }

  groups(names: sets.NameSet, removes: 'items' | 'everything' = 'everything'): Change {
    return { list: 'groups', items: this.pick(GNUTLS_GROUPS, names), removes }
  }

  private pick<Row extends Named>(rows: readonly Row[], names: sets.NameSet): readonly Row[] {
    const wanted = names.filter((name) => typeof name === 'string' || this.has(name))
    return wanted.flatMap((name) => {
      const text = typeof name === 'string' ? name : name.name
      return rows.find((row) => row.name === text) ?? []
    })
  }

  has(row: Availability): boolean {
    return isAvailable(row, this.release)
  }
}

function protocolOf(name: string): TlsVersion {
  return TLS_VERSIONS.find((row) => row.name === name) as TlsVersion
}

function levelWords(build: ChangeBuilder): ReadonlyMap<string, LevelWord> {
  return new Map(
    sets.LEVELS.flatMap((level) => {
      const changes = [
        ...(level.protocols ? [build.protocols(level.protocols)] : []),
        build.ciphers(level.ciphers),
        build.keyExchanges(level.keyExchanges),
        build.macs(level.macs),
        build.signatures(level.signatures),
        build.groups(level.groups),
      ]
      return level.names.map((name): [string, LevelWord] => [name, { level, changes }])
    }),
  )
}

/** MACs, then ciphers, then key exchanges: a name of two classes means the first. */
function bareNames(release: GnutlsRelease): ReadonlyMap<string, Word> {
  const known = <Row extends Availability>(rows: readonly Row[]): readonly Row[] =>
    rows.filter((row) => isAvailable(row, release))
  const words = new Map<string, Word>()
  for (const row of known(GNUTLS_KEY_EXCHANGES)) words.set(row.name, bareName('keyExchanges', row))
  for (const row of known(GNUTLS_CIPHERS)) words.set(row.name, bareName('ciphers', row))
  for (const row of known(GNUTLS_MACS)) words.set(row.name, bareName('macs', row))
  return words
}

function bareName<Name extends ListName>(
  list: Name,
  row: ListItems[Name] & { readonly withdrawn?: true },
): Word {
  return row.withdrawn ? IGNORED : algorithm({ list, items: [row], removes: 'items' } as Change)
}

function algorithm(...changes: readonly Change[]): Word {
  return { kind: 'algorithm', changes }
}

function set(...changes: readonly Change[]): Word {
  return { kind: 'set', changes }
}

/**
 * In the order in which GnuTLS tries them, narrow before wide. It compares beginnings only, so
 * `VERS-ALLOWED` means VERS-ALL, and what follows COMP-, MAC-, CIPHER- and KX- never matters.
 */
function families(build: ChangeBuilder): readonly Family[] {
  return [
    ...protocolFamilies(build),
    { prefix: 'COMP-', any: IGNORED },
    ...groupFamilies(build),
    ...certificateFamilies(),
    ...signatureFamilies(build),
    { prefix: 'MAC-ALL', any: set(build.macs(sets.DEFAULT_MACS)) },
    { prefix: 'MAC-GOST-ALL', any: set(build.macs(sets.GOST_MACS)) },
    { prefix: 'MAC-', any: IGNORED },
    { prefix: 'CIPHER-ALL', any: set(build.ciphers(sets.DEFAULT_CIPHERS)) },
    { prefix: 'CIPHER-GOST-ALL', any: set(build.ciphers(sets.GOST_CIPHERS)) },
    { prefix: 'CIPHER-', any: IGNORED },
    { prefix: 'KX-ALL', any: set(build.keyExchanges(sets.DEFAULT_KEY_EXCHANGES)) },
    { prefix: 'KX-GOST-ALL', any: set(build.keyExchanges(sets.GOST_KEY_EXCHANGES)) },
    { prefix: 'KX-', any: IGNORED },
    { prefix: 'GOST', any: gostWord(build) },
  ]
}

function protocolFamilies(build: ChangeBuilder): readonly Family[] {
  const datagram = build.protocols(
    sets.DATAGRAM_PROTOCOLS,
    sets.REMOVED_DATAGRAM_PROTOCOLS.map(protocolOf),
  )
  return [
    { prefix: 'VERS-TLS-ALL', any: set(build.protocols(sets.STREAM_PROTOCOLS)) },
    { prefix: 'VERS-DTLS-ALL', any: set(datagram) },
    { prefix: 'VERS-ALL', any: set(build.protocols(sets.DEFAULT_PROTOCOLS, 'everything')) },
    { prefix: 'VERS-', members: membersOf('protocols', TLS_VERSIONS) },
  ]
}

function groupFamilies(build: ChangeBuilder): readonly Family[] {
  const groups = GNUTLS_GROUPS.filter((row) => build.has(row))
  return [
    { prefix: 'CURVE-ALL', any: set(build.groups(sets.DEFAULT_GROUPS)) },
    { prefix: 'CURVE-', members: curveMembers() },
    { prefix: 'GROUP-ALL', any: set(build.groups(sets.DEFAULT_GROUPS)) },
    { prefix: 'GROUP-DH-ALL', any: set(build.groups(sets.FINITE_FIELD_GROUPS, 'items')) },
    { prefix: 'GROUP-EC-ALL', any: set(build.groups(sets.CURVE_GROUPS, 'items')) },
    { prefix: 'GROUP-GOST-ALL', any: set(build.groups(sets.GOST_GROUPS, 'items')) },
    { prefix: 'GROUP-', members: membersOf('groups', groups) },
  ]
}

function curveMembers(): ReadonlyMap<string, Word> {
  return new Map(
    GNUTLS_CURVES.map(({ name, group }) => {
      const word = algorithm({ list: 'groups', items: [group], removes: 'items' })
      return [toUpperAscii(name), { ...word, curve: name }]
    }),
  )
}

function signatureFamilies(build: ChangeBuilder): readonly Family[] {
  const signatures = GNUTLS_SIGNATURES.filter((row) => build.has(row))
  return [
    { prefix: 'SIGN-ALL', any: set(build.signatures(sets.DEFAULT_SIGNATURES)) },
    { prefix: 'SIGN-GOST-ALL', any: set(build.signatures(sets.GOST_SIGNATURES)) },
    { prefix: 'SIGN-', members: membersOf('signatures', signatures) },
  ]
}

/** Alone among the sets, this one leaves other groups in place when it is removed. */
function gostWord(build: ChangeBuilder): Word {
  return set(
    build.groups(sets.GOST_GROUPS, 'items'),
    build.signatures(sets.GOST_SIGNATURES),
    build.macs(sets.GOST_MACS),
    build.ciphers(sets.GOST_CIPHERS),
    build.keyExchanges(sets.GOST_KEY_EXCHANGES),
  )
}

function certificateFamilies(): readonly Family[] {
  const all = [X509, RAW_PUBLIC_KEY]
  const everyClient = certificates('clientCertificates', all)
  const everyServer = certificates('serverCertificates', all)
  return [
    { prefix: 'CTYPE-ALL', any: set(everyClient, everyServer) },
    { prefix: 'CTYPE-CLI-ALL', any: set(everyClient) },
    { prefix: 'CTYPE-CLI-', members: certificateMembers('clientCertificates') },
    { prefix: 'CTYPE-SRV-ALL', any: set(everyServer) },
    { prefix: 'CTYPE-SRV-', members: certificateMembers('serverCertificates') },
    { prefix: 'CTYPE-OPENPGP', any: IGNORED },
    { prefix: 'CTYPE-', members: certificateMembers('clientCertificates', 'serverCertificates') },
  ]
}

type CertificateList = 'clientCertificates' | 'serverCertificates'

function certificates(list: CertificateList, items: readonly CertificateType[]): Change {
  return { list, items, removes: 'everything' }
}

function certificateMembers(...lists: readonly CertificateList[]): ReadonlyMap<string, Word> {
  return new Map(
    Object.entries(CERTIFICATE_WORDS).map(([name, type]) => [
      name,
      algorithm(...lists.map((list): Change => ({ list, items: [type], removes: 'items' }))),
    ]),
  )
}

function membersOf<Name extends ListName>(
  list: Name,
  rows: readonly (ListItems[Name] & { readonly name: string })[],
): ReadonlyMap<string, Word> {
  return new Map(
    rows.map((row) => [
      toUpperAscii(row.name),
      algorithm({ list, items: [row], removes: 'items' } as Change),
    ]),
  )
}
