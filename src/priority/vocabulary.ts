/** The words of one GnuTLS release: what each stands for, looked up in the order GnuTLS does. */
import { toUpperAscii } from './ascii-case.ts'
import { ChangeBuilder } from './change-builder.ts'
import { GNUTLS_CIPHERS, GNUTLS_KEY_EXCHANGES, GNUTLS_MACS } from './gnutls-algorithms.ts'
import * as sets from './keywords.ts'
import type { Change, ListItems, ListName } from './priority-lists.ts'
import { type Availability, type GnutlsRelease, isAvailable } from './releases.ts'
import { PRIORITY_OPTIONS, type PriorityOption } from './string-options.ts'
import { algorithmWord, IGNORED_WORD, type PriorityWord } from './word.ts'
import { certificates, type WordFamily, wordFamilies, X509 } from './word-families.ts'

/** A level with its names turned into the items of a release. */
export type LevelWord = {
  readonly level: sets.Level
  readonly changes: readonly Change[]
}

/** Everything that a token can say. */
export type Vocabulary = {
  readonly release: GnutlsRelease
  readonly levels: ReadonlyMap<string, LevelWord>
  readonly options: ReadonlyMap<string, PriorityOption>
  /** What a string holds before its first word, unless that is NONE. */
  readonly start: readonly Change[]
  readonly names: ReadonlyMap<string, PriorityWord>
  readonly families: readonly WordFamily[]
}

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
export function findWord(vocabulary: Vocabulary, text: string): PriorityWord | undefined {
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
    families: wordFamilies(build),
  }
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
function bareNames(release: GnutlsRelease): ReadonlyMap<string, PriorityWord> {
  const known = <Row extends Availability>(rows: readonly Row[]): readonly Row[] =>
    rows.filter((row) => isAvailable(row, release))
  const words = new Map<string, PriorityWord>()
  for (const row of known(GNUTLS_KEY_EXCHANGES)) words.set(row.name, bareName('keyExchanges', row))
  for (const row of known(GNUTLS_CIPHERS)) words.set(row.name, bareName('ciphers', row))
  for (const row of known(GNUTLS_MACS)) words.set(row.name, bareName('macs', row))
  return words
}

function bareName<Name extends ListName>(
  list: Name,
  row: ListItems[Name] & { readonly withdrawn?: true },
): PriorityWord {
  return row.withdrawn
    ? IGNORED_WORD
    : algorithmWord({ list, items: [row], removes: 'items' } as Change)
}
