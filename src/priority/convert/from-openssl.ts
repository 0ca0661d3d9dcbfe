/** Writes a priority string for the suites that an OpenSSL cipher list selects. */
import type { TlsSuite } from '../../algorithms/tls-suites.ts'
import { allowedTls, evaluatePriority } from '../evaluate.ts'
import { DEFAULT_RELEASE, type GnutlsRelease } from '../releases.ts'
import { findWord, vocabularyOf } from '../vocabulary.ts'
import type { Omission } from './dialect.ts'
import { type CipherListExpansion, expandCipherList } from './openssl-cipher-list.ts'

export type FromOpenssl = {
  /** The priority string. */
  readonly text: string
  /** Suites of the list that the string does not allow; nothing where it allows them all. */
  readonly omissions: readonly Omission[]
  /** Words of the list that select nothing. */
  readonly ignored: readonly string[]
}

/** The words of the string; each suite needs a cipher, a MAC and, before TLS 1.3, a key exchange. */
type Words = {
  readonly keyExchange: readonly string[]
  readonly cipher: readonly string[]
  readonly mac: readonly string[]
}

type WordClass = keyof Words

const CLASSES: readonly WordClass[] = ['keyExchange', 'cipher', 'mac']

const BECAUSE = 'a priority string would allow others with it'

/**
 * Converts a cipher list. A priority string allows every combination of its words, so it may have
 * to leave suites out in order not to allow others; it never allows one that the list does not.
 */
export function convertFromOpenssl(
  list: string,
  release: GnutlsRelease = DEFAULT_RELEASE,
): FromOpenssl {
  const expansion = expandCipherList(list)
  const wanted = new Set([...expansion.suites, ...expansion.suites13])
  let words = wordsOf(expansion, release)
  let allowed = combine(words, release)
  while (allowed.some((suite) => !wanted.has(suite))) {
    words = withoutWorst(words, wanted, release)
    allowed = combine(words, release)
  }
  const missing = [...wanted].filter((suite) => !allowed.includes(suite))
  const omissions = missing.map(({ name }): Omission => ({ kind: 'suite', name, because: BECAUSE }))
  return { text: print(words), omissions, ignored: expansion.ignored }
}

/**
 * The suites that OpenSSL allows of itself bring no words in, unless nothing else does: they would
 * cost more suites of the list than they are worth. What rules TLS 1.3 out is left aside.
 */
function wordsOf(expansion: CipherListExpansion, release: GnutlsRelease): Words {
  const { suites, named13, suites13 } = expansion
  const all = [...named13, ...suites]
  const named = all.length > 0 ? all : suites13
  const known = (words: readonly string[]): readonly string[] =>
    [...new Set(words)].filter((word) => findWord(vocabularyOf(release), word))
  const exchanges = suites.flatMap(({ keyExchange }) => keyExchange ?? [])
  return {
    keyExchange: known(exchanges).filter((name) => !/^(RSA-PSK$|SRP)/.test(name)),
    cipher: known(named.map(({ cipher }) => cipher)).filter((name) => name !== 'NULL'),
    mac: known(named.map(({ mac }) => mac)),
  }
}

function print({ keyExchange, cipher, mac }: Words): string {
  const versions = ['VERS-TLS1.3', 'VERS-TLS1.2']
  const rest = ['GROUP-ALL', 'SIGN-ALL', 'CTYPE-X509']
  return ['NONE', ...[...versions, ...keyExchange, ...cipher, ...mac, ...rest].map(add)].join(':')
}

function add(word: string): string {
  return `+${word}`
}

/** What GnuTLS makes of the words. */
function combine(words: Words, release: GnutlsRelease): readonly TlsSuite[] {
  const outcome = evaluatePriority({ name: '<conversion>', text: print(words) }, { release })
  return outcome.ok ? allowedTls(outcome.evaluation).suites : []
}

/**
 * Drops the word that takes away the most unwanted suites for each wanted one; of equals the last,
 * since a list names first what it prefers.
 */
function withoutWorst(words: Words, wanted: ReadonlySet<TlsSuite>, release: GnutlsRelease): Words {
  const before = combine(words, release)
  const candidates = CLASSES.flatMap((name) =>
    words[name].map((word) => {
      const without = { ...words, [name]: words[name].filter((other) => other !== word) }
      return { without, value: gain(before, combine(without, release), wanted) }
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
