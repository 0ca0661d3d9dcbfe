/** Writes a priority string for what a cipher list of OpenSSL selects. */

import { bitsOfSuite } from '../../algorithms/openssl-security-bits.ts'
import type { OpensslSuite } from '../../algorithms/openssl-suites.ts'
import { findTlsSuite, findTlsSuiteByName, type TlsSuite } from '../../algorithms/tls-suites.ts'
import {
  type Diagnostic,
  DiagnosticError,
  diagnose,
  hasErrors,
} from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import {
  bitsOfLevel,
  type CipherListExpansion,
  expandCipherList,
} from '../cipher-list/cipher-list.ts'
import { CIPHER_LIST_KINDS } from '../cipher-list/cipher-list-diagnostics.ts'
import { allowedTls, evaluatePriority } from '../evaluate.ts'
import { GNUTLS_SIGNATURES } from '../gnutls-algorithms.ts'
import { type OpensslRelease, oldestRelease } from '../library-releases.ts'
import { DEFAULT_RELEASE, type GnutlsRelease } from '../releases.ts'
import { findWord, vocabularyOf } from '../vocabulary.ts'
import type { Omission } from './dialect.ts'
import {
  DEFAULT_SUITES13,
  type OpensslSettings,
  offeredGroups,
  offeredSchemes,
} from './openssl-settings.ts'

export type FromOpenssl = {
  /** The priority string. */
  readonly text: string
  /** Suites of the list that the string does not allow; nothing where it allows them all. */
  readonly omissions: readonly Omission[]
  /** Words of the list that select nothing. */
  readonly warnings: readonly Diagnostic[]
}

export type FromOpensslOptions = {
  /** The release of GnuTLS that reads the string. */
  readonly gnutls?: GnutlsRelease
  /** The release of OpenSSL whose meaning the list has. */
  readonly openssl?: OpensslRelease
  /** What stands beside the list; else OpenSSL's own defaults. */
  readonly settings?: OpensslSettings
  /** Names groups and signatures by their sets, for a hint: GnuTLS has more of them. */
  readonly isBrief?: boolean
}

/** The words of the string; each suite needs a cipher, a MAC and, before TLS 1.3, a key exchange. */
type Words = {
  readonly version: readonly string[]
  readonly keyExchange: readonly string[]
  readonly cipher: readonly string[]
  readonly mac: readonly string[]
}

/** What the string says beside the words that are chosen. */
type Frame = {
  readonly release: GnutlsRelease
  readonly rest: readonly string[]
}

type WordClass = keyof Words

const CLASSES: readonly WordClass[] = ['keyExchange', 'cipher', 'mac']

const COMBINED = 'a priority string would allow others with it'
const ABSENT = 'GnuTLS does not have it'
const UNNAMED = 'it takes a shared key, and the list does not name PSK'

/** What a level asks of the keys of certificates, as a verification profile. */
const PROFILES: readonly (readonly string[])[] = [
  [],
  ['%PROFILE_LOW'],
  ['%PROFILE_MEDIUM'],
  ['%PROFILE_HIGH'],
  ['%PROFILE_ULTRA'],
  ['%PROFILE_FUTURE'],
]

/**
 * Converts a cipher list. A priority string allows every combination of its words, so it may have
 * to leave suites out in order not to allow others; it never allows one that the list does not.
 *
 * @throws DiagnosticError where OpenSSL would refuse the list, where a word of it is unknown, or
 * where nothing is left.
 */
export function convertFromOpenssl(list: Source, options: FromOpensslOptions = {}): FromOpenssl {
  const { gnutls = DEFAULT_RELEASE, openssl = oldestRelease('openssl'), settings = {} } = options
  const expansion = expandCipherList(list, openssl)
  const { diagnostics, level } = expansion
  if (hasErrors(diagnostics)) throw new DiagnosticError(diagnostics)
  const { wanted, omissions } = findWanted(list, expansion, settings)
  const frame = { release: gnutls, rest: restOf(expansion, options) }
  const words = chooseWords(wordsOf(wanted, settings, gnutls), new Set(wanted), frame)
  const allowed = combine(words, frame)
  if (allowed.length === 0) {
    const span = { source: list, start: 0, end: list.text.length }
    throw new DiagnosticError([diagnose(CIPHER_LIST_KINDS.nothingLeft, { level }, span)])
  }
  const missing = wanted.filter((suite) => !allowed.includes(suite))
  const left = missing.map(({ name }): Omission => ({ kind: 'suite', name, because: COMBINED }))
  const text = print(withoutIdleVersions(words, allowed), frame)
  return { text, omissions: [...omissions, ...left], warnings: diagnostics }
}

/** What the list selects in the terms of TLS, the suites of TLS 1.3 last: it does not choose them. */
function findWanted(
  list: Source,
  { suites, level }: CipherListExpansion,
  { ciphersuites = DEFAULT_SUITES13, minProtocol, maxProtocol }: OpensslSettings,
): { readonly wanted: readonly TlsSuite[]; readonly omissions: readonly Omission[] } {
  const namesPsk = asksForPsk(list.text)
  const omissions: Omission[] = []
  const old = maxProtocol === undefined || maxProtocol >= 'TLSv1.2' ? suites : []
  const wanted =
    minProtocol === 'TLSv1.3'
      ? []
      : old.flatMap((suite) => {
          const known = findTlsSuite(suite.number)
          const because = known ? (isPsk(suite) && !namesPsk ? UNNAMED : undefined) : ABSENT
          if (because !== undefined) omissions.push({ kind: 'suite', name: suite.name, because })
          return known && because === undefined ? known : []
        })
  const suites13 = maxProtocol !== undefined && maxProtocol < 'TLSv1.3' ? [] : ciphersuites
  const known13 = suites13.flatMap((name) => findTlsSuiteByName(name) ?? [])
  const reaches = (suite: TlsSuite): boolean =>
    level === 0 || bitsOfSuite(suite, 0) >= bitsOfLevel(level)
  return { wanted: [...wanted, ...known13.filter(reaches)], omissions }
}

/** Whether a word that takes in names shared keys: `HIGH:!kRSAPSK` does not. */
function asksForPsk(list: string): boolean {
  return list.split(/[:, ;]/).some((element) => /^[^!-].*PSK|^PSK/.test(element))
}

function isPsk({ exchange }: OpensslSuite): boolean {
  return exchange.endsWith('PSK')
}

/**
 * The suites that OpenSSL allows of itself bring no words in, unless nothing else does: they would
 * cost more suites of the list than they are worth.
 */
function wordsOf(
  wanted: readonly TlsSuite[],
  { ciphersuites }: OpensslSettings,
  release: GnutlsRelease,
): Words {
  const old = wanted.filter(({ keyExchange }) => keyExchange !== undefined)
  const named = old.length > 0 && !ciphersuites ? old : wanted
  const known = (words: readonly string[]): readonly string[] =>
    [...new Set(words)].filter((word) => findWord(vocabularyOf(release), word))
  const exchanges = old.flatMap(({ keyExchange }) => keyExchange ?? [])
  return {
    // A version of which nothing is wanted would cost the ciphers that its suites are made of.
    version: [
      ...(old.length < wanted.length ? ['VERS-TLS1.3'] : []),
      ...(old.length > 0 ? ['VERS-TLS1.2'] : []),
    ],
    // GnuTLS counts RSA-PSK and SRP among the key exchanges of servers with other credentials.
    keyExchange: known(exchanges).filter((name) => !/^(RSA-PSK$|SRP)/.test(name)),
    cipher: known(named.map(({ cipher }) => cipher)).filter((name) => name !== 'NULL'),
    mac: known(named.map(({ mac }) => mac)),
  }
}

/** Groups, signatures and the profile: what OpenSSL offers with the list. */
function restOf(expansion: CipherListExpansion, options: FromOpensslOptions): readonly string[] {
  const { level, suiteB } = expansion
  const profile = suiteB ? ['%PROFILE_SUITEB128'] : (PROFILES[level] ?? [])
  const sets =
    options.isBrief && !suiteB ? ['GROUP-ALL', 'SIGN-ALL'] : offeredWords(expansion, options)
  return [...sets.map(add), '+CTYPE-X509', ...profile]
}

/** The groups and signatures that GnuTLS has of what OpenSSL offers. */
function offeredWords(
  { level, suiteB }: CipherListExpansion,
  options: FromOpensslOptions,
): readonly string[] {
  const { gnutls = DEFAULT_RELEASE, openssl = oldestRelease('openssl'), settings = {} } = options
  const vocabulary = vocabularyOf(gnutls)
  const groups = offeredGroups(settings, level, suiteB, openssl).map(
    ({ gnutlsName }) => `GROUP-${gnutlsName}`,
  )
  const schemes = new Set<string>(
    offeredSchemes(settings, level, suiteB, openssl).map(({ name }) => name),
  )
  const signatures = GNUTLS_SIGNATURES.filter(({ scheme }) => scheme && schemes.has(scheme)).map(
    ({ name }) => `SIGN-${name.toUpperCase()}`,
  )
  return [...groups, ...signatures].filter((word) => findWord(vocabulary, word))
}

function print({ version, keyExchange, cipher, mac }: Words, { rest }: Frame): string {
  const words = [...version, ...keyExchange, ...cipher, ...mac]
  return ['NONE', ...words.map(add), ...rest].join(':')
}

function add(word: string): string {
  return `+${word}`
}

/** A version for which no suite is left is not named. */
function withoutIdleVersions(words: Words, allowed: readonly TlsSuite[]): Words {
  const isUsed = (version: string): boolean =>
    allowed.some((suite) => (suite.keyExchange === undefined) === (version === 'VERS-TLS1.3'))
  return { ...words, version: words.version.filter(isUsed) }
}

/** What GnuTLS makes of the words. */
function combine(words: Words, frame: Frame): readonly TlsSuite[] {
  const text = print(words, frame)
  const outcome = evaluatePriority({ name: '<conversion>', text }, { release: frame.release })
  return outcome.ok ? allowedTls(outcome.evaluation).suites : []
}

/** Drops words until nothing is allowed that is not wanted. */
function chooseWords(first: Words, wanted: ReadonlySet<TlsSuite>, frame: Frame): Words {
  let words = first
  let allowed = combine(words, frame)
  while (allowed.some((suite) => !wanted.has(suite))) {
    words = withoutWorst(words, wanted, frame)
    allowed = combine(words, frame)
  }
  return words
}

/**
 * Drops the word that takes away the most unwanted suites for each wanted one; of equals the last,
 * since a list names first what it prefers.
 */
function withoutWorst(words: Words, wanted: ReadonlySet<TlsSuite>, frame: Frame): Words {
  const before = combine(words, frame)
  const candidates = CLASSES.flatMap((name) =>
    words[name].map((word) => {
      const without = { ...words, [name]: words[name].filter((other) => other !== word) }
      return { without, value: gain(before, combine(without, frame), wanted) }
    }),
  )
  return candidates.reduce((best, next) => (next.value >= best.value ? next : best)).without
}

function gain(
  before: readonly TlsSuite[],
  after: readonly TlsSuite[],
  wanted: ReadonlySet<TlsSuite>,
): number {
  const left = new Set(after)
  const dropped = before.filter((suite) => !left.has(suite))
  const lost = dropped.filter((suite) => wanted.has(suite)).length
  return (dropped.length - lost) / (lost + 1)
}
