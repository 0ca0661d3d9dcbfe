/**
 * Cuts bytes into the tokens of QEMU's JSON, as they come: strings in double or single quotes, numbers,
 * keywords, structure. It knows no lines: a token ends where it ends.
 */
import { firstNumberState, type NumberState, nextNumberState } from './json-number.ts'

export type JsonToken =
  | { readonly kind: 'structure'; readonly text: string }
  /** With its quotes; escapes are not read yet. */
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'keyword'; readonly text: string }
  /** What can be no token. The lexer goes on at the next structure or control character. */
  | { readonly kind: 'stray'; readonly text: string }
  /** Longer than the limit. The lexer leaves the rest of it out. */
  | { readonly kind: 'excess' }

/** Of one token, in bytes. */
const TOKEN_LIMIT = 1_048_576

type State = 'between' | 'string' | 'escape' | 'number' | 'keyword' | 'recovery' | 'excess'

const SPACE: ReadonlySet<string> = new Set([' ', '\t', '\r', '\n'])
const STRUCTURE: ReadonlySet<string> = new Set(['{', '}', '[', ']', ':', ','])
const KEYWORD_PART = /[a-z]/

export class JsonLexer {
  readonly #onToken: (token: JsonToken) => void
  #state: State = 'between'
  #quote = ''
  #number: NumberState = 'minus'
  /** Of the token under way, a character for each byte. */
  #parts: string[] = []
  #length = 0

  constructor(onToken: (token: JsonToken) => void) {
    this.#onToken = onToken
  }

  push(bytes: Buffer): void {
    const text = bytes.toString('latin1')
    for (let at = 0; at < text.length; ) at = this.#step(text, at)
  }

  /** A number or a keyword ends where the input ends. */
  end(): void {
    if (this.#state === 'number') {
      if (nextNumberState(this.#number, ' ') === 'end') this.#emit('number')
      else this.#stray()
    }
    if (this.#state === 'keyword') this.#emit('keyword')
  }

  /** @returns where the next step begins. */
  #step(text: string, at: number): number {
    switch (this.#state) {
      case 'between':
        return this.#begin(text[at] as string, at)
      case 'string':
        return this.#runString(text, at)
      case 'escape':
        this.#state = 'string'
        return this.#take(text, at, at + 1)
      case 'number':
        return this.#runNumber(text, at)
      case 'keyword':
        return this.#runKeyword(text, at)
      case 'recovery':
      case 'excess':
        return this.#recover(text[at] as string, at)
    }
  }

  #begin(character: string, at: number): number {
    if (SPACE.has(character)) return at + 1
    if (STRUCTURE.has(character)) {
      this.#onToken({ kind: 'structure', text: character })
      return at + 1
    }
    this.#parts = [character]
    this.#length = 1
    this.#state = stateOf(character)
    this.#quote = character
    this.#number = firstNumberState(character)
    if (this.#state === 'recovery') this.#stray()
    return at + 1
  }

  #runString(text: string, at: number): number {
    for (let end = at; end < text.length; end++) {
      const character = text[end] as string
      if (character === '\\') {
        this.#state = 'escape'
        return this.#take(text, at, end + 1)
      }
      if (character === this.#quote) {
        const next = this.#take(text, at, end + 1)
        if (this.#state === 'string') this.#emit('string')
        return next
      }
      // No text in UTF-8 has these, and a string that goes over the end of a line was never ended.
      if (character < ' ' || character > '\xfd') {
        this.#take(text, at, end + 1)
        if (this.#state === 'string') this.#stray()
        return end + 1
      }
    }
    return this.#take(text, at, text.length)
  }

  #runNumber(text: string, at: number): number {
    let end = at
    while (end < text.length) {
      const next = nextNumberState(this.#number, text[end] as string)
      if (next === 'end') return this.#endNumber(text, at, end)
      end++
      if (next === 'error') return this.#endNumber(text, at, end, true)
      this.#number = next
    }
    return this.#take(text, at, end)
  }

  #endNumber(text: string, at: number, end: number, isStray = false): number {
    this.#take(text, at, end)
    if (this.#state !== 'number') return end
    if (isStray) this.#stray()
    else this.#emit('number')
    return end
  }

  #runKeyword(text: string, at: number): number {
    let end = at
    while (end < text.length && KEYWORD_PART.test(text[end] as string)) end++
    this.#take(text, at, end)
    if (end < text.length && this.#state === 'keyword') this.#emit('keyword')
    return end
  }

  #recover(character: string, at: number): number {
    // What was too long goes on to the end of its line: no part of it is taken for another token.
    const isEnd = character < ' ' || (this.#state === 'recovery' && STRUCTURE.has(character))
    if (isEnd) this.#state = 'between'
    return isEnd && character >= ' ' ? at : at + 1
  }

  #take(text: string, at: number, end: number): number {
    this.#length += end - at
    if (this.#length > TOKEN_LIMIT) {
      this.#parts = []
      this.#state = 'excess'
      this.#onToken({ kind: 'excess' })
    } else if (end > at) this.#parts.push(text.slice(at, end))
    return end
  }

  #emit(kind: 'string' | 'number' | 'keyword'): void {
    const text = this.#parts.join('')
    this.#parts = []
    this.#state = 'between'
    this.#onToken({ kind, text })
  }

  #stray(): void {
    const text = this.#parts.join('')
    this.#parts = []
    this.#state = 'recovery'
    this.#onToken({ kind: 'stray', text: text.slice(0, STRAY_SHOWN) })
  }
}

/** Of what can be no token, in an error. */
const STRAY_SHOWN = 80

function stateOf(character: string): State {
  if (character === '"' || character === "'") return 'string'
  if (character === '-' || (character >= '0' && character <= '9')) return 'number'
  return KEYWORD_PART.test(character) ? 'keyword' : 'recovery'
}
