/** Reads OpenSSL's cipher lists (ciphers(1), CIPHER LIST FORMAT). */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import type { OpensslRelease } from '../library-releases.ts'
import { CIPHER_LIST_KINDS } from './cipher-list-diagnostics.ts'
import {
  CIPHER_LIST_WORDS,
  findPattern,
  intersect,
  isIdleWord,
  isUnbuilt,
  type Pattern,
} from './cipher-list-words.ts'

/** What the list does, step by step. */
export type CipherListStep =
  | { readonly kind: 'add' | 'delete' | 'kill' | 'order'; readonly pattern: Pattern }
  | { readonly kind: 'default' | 'strength' }
  | { readonly kind: 'level'; readonly level: number }

/** Suite B fixes suites, groups and signatures (RFC 6460). */
export type SuiteB = '128' | '128 only' | '128 C2' | '192'

export type CipherList = {
  readonly steps: readonly CipherListStep[]
  /** Everything else in the list is then ignored. */
  readonly suiteB?: SuiteB
  /** Errors where OpenSSL refuses the list or hardly means it so; else warnings. */
  readonly diagnostics: readonly Diagnostic[]
}

const SUITE_B: readonly (readonly [string, SuiteB])[] = [
  ['SUITEB128ONLY', '128 only'],
  ['SUITEB128C2', '128 C2'],
  ['SUITEB128', '128'],
  ['SUITEB192', '192'],
]

const SIGNS = { '-': 'delete', '+': 'order', '!': 'kill' } as const

const SEPARATOR = /[:, ;]/

/**
 * list    = [ "DEFAULT" ] element *( separator element )
 * element = [ "!" / "-" / "+" ] word *( "+" word )
 *         / "@STRENGTH" / "@SECLEVEL=" digit
 *
 * The case of words counts. `DEFAULT` and the names of Suite B count at the very beginning only,
 * and there whatever follows them.
 */
export function parseCipherList(source: Source, release: OpensslRelease): CipherList {
  const { text } = source
  const [suiteBWord, suiteB] = SUITE_B.find(([word]) => text.startsWith(word)) ?? []
  if (suiteBWord && suiteB) return parseSuiteB(source, suiteBWord, suiteB)
  const reader = new CipherListReader(source, release)
  reader.read(text.startsWith('DEFAULT') ? 'DEFAULT'.length : 0)
  return reader
}

function parseSuiteB(source: Source, word: string, suiteB: SuiteB): CipherList {
  const rest = { source, start: word.length, end: source.text.length }
  const isAlone = source.text.length === word.length
  const diagnostics = isAlone ? [] : [diagnose(CIPHER_LIST_KINDS.afterSuiteB, { word }, rest)]
  return { steps: [], suiteB, diagnostics }
}

class CipherListReader implements CipherList {
  readonly steps: CipherListStep[] = []
  readonly diagnostics: Diagnostic[] = []
  readonly #source: Source
  readonly #release: OpensslRelease

  constructor(source: Source, release: OpensslRelease) {
    this.#source = source
    this.#release = release
  }

  read(start: number): void {
    const { text } = this.#source
    if (start > 0) this.steps.push({ kind: 'default' })
    for (let at = start; at < text.length; ) {
      const rest = text.slice(at)
      const length = rest.search(SEPARATOR)
      const end = length < 0 ? text.length : at + length
      if (end > at) this.#readElement(text.slice(at, end), at)
      at = end + 1
    }
  }

  #readElement(element: string, at: number): void {
    if (element.startsWith('@')) this.#readCommand(element, at)
    else this.#readWords(element, at)
  }

  #readWords(element: string, at: number): void {
    const sign = /^[-+!]/.exec(element)?.[0] as keyof typeof SIGNS | undefined
    const words = element.slice(sign ? 1 : 0)
    if (!/^[A-Za-z0-9._=-]+(\+[A-Za-z0-9._=-]+)*$/.test(words)) {
      this.#refuse(element, at)
      return
    }
    const isTakenAway = sign === '-' || sign === '!'
    const pattern = this.#patternOf(words.split('+'), at + (sign ? 1 : 0), isTakenAway)
    if (pattern) this.steps.push({ kind: sign ? SIGNS[sign] : 'add', pattern })
  }

  #readCommand(element: string, at: number): void {
    const level = /^@SECLEVEL=([0-5])$/.exec(element)?.[1]
    if (level !== undefined) this.steps.push({ kind: 'level', level: Number(level) })
    else if (element === '@STRENGTH') this.steps.push({ kind: 'strength' })
    else this.#refuse(element, at)
  }

  /** Undefined where the words select nothing together, or one of them nothing at all. */
  #patternOf(words: readonly string[], start: number, isTakenAway: boolean): Pattern | undefined {
    let combined: Pattern | undefined = {}
    let at = start
    for (const word of words) {
      const pattern = findPattern(word, this.#release)
      // A list that excludes what is not built says what it means.
      if (!pattern && !(isTakenAway && isUnbuilt(word))) this.#reportIdle(word, at)
      combined = combined && pattern && intersect(combined, pattern)
      at += word.length + 1
    }
    return combined
  }

  #reportIdle(word: string, at: number): void {
    const span = { source: this.#source, start: at, end: at + word.length }
    const kind = isIdleWord(word) ? CIPHER_LIST_KINDS.idleWord : CIPHER_LIST_KINDS.unknownWord
    this.diagnostics.push(diagnose(kind, { word, names: CIPHER_LIST_WORDS }, span))
  }

  #refuse(element: string, at: number): void {
    const span = { source: this.#source, start: at, end: at + element.length }
    this.diagnostics.push(diagnose(CIPHER_LIST_KINDS.syntax, { element }, span))
  }
}
