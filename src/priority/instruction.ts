/** Parses a token of a priority string to the instruction that it gives. */
import { toUpperAscii } from './ascii-case.ts'
import type { PriorityOption } from './string-options.ts'
import type { Token } from './token.ts'
import { findLevel, findWord, type LevelWord, type Vocabulary } from './vocabulary.ts'
import type { PriorityWord } from './word.ts'

export type Sign = '+' | '-' | '!'

/** What a token says. */
export type Instruction =
  /** Begins with empty lists. */
  | { readonly kind: 'none' }
  | { readonly kind: 'level'; readonly level: LevelWord; readonly sign: '+' | undefined }
  | { readonly kind: 'word'; readonly word: PriorityWord; readonly sign: Sign }
  | { readonly kind: 'option'; readonly option: PriorityOption }
  | { readonly kind: 'unknown' }

const UNKNOWN: Instruction = { kind: 'unknown' }

/**
 * token  = "NONE"                  ; as the first token only
 *        / level
 *        / "+" level
 *        / ("+" / "-" / "!") word
 *        / "%" option
 *
 * Case matters in an option and nowhere else.
 */
export function parseToken(token: Token, vocabulary: Vocabulary): Instruction {
  const { text } = token
  if (token.start === 0 && isNone(token)) return { kind: 'none' }
  const level = findLevel(vocabulary, text)
  if (level) return { kind: 'level', level, sign: undefined }
  const sign = text[0]
  if (sign === '+' || sign === '-' || sign === '!')
    return parseWord(sign, text.slice(1), vocabulary)
  return sign === '%' ? parseOption(text.slice(1), vocabulary) : UNKNOWN
}

/** Whether the token, as the first, asks for empty lists. */
export function isNone(token: Token | undefined): boolean {
  return token !== undefined && toUpperAscii(token.text) === 'NONE'
}

function parseWord(sign: Sign, name: string, vocabulary: Vocabulary): Instruction {
  const level = sign === '+' ? findLevel(vocabulary, name) : undefined
  if (level) return { kind: 'level', level, sign: '+' }
  const word = findWord(vocabulary, name)
  return word ? { kind: 'word', word, sign } : UNKNOWN
}

function parseOption(name: string, vocabulary: Vocabulary): Instruction {
  const option = vocabulary.options.get(name)
  return option ? { kind: 'option', option } : UNKNOWN
}
