/** Bytes -> values, as they come: several on a line, one over several lines. */
import { JsonError } from './json-error.ts'
import { JsonLexer, type JsonToken } from './json-lexer.ts'
import { parseJsonTokens } from './json-parser.ts'
import type { JsonValue } from './json-value.ts'

/** Of one value, in bytes of its tokens. */
const VALUE_LIMIT = 4_194_304

/** Each token takes memory, however short it is. */
const COUNT_LIMIT = 262_144

/** As in QEMU: reading a value recurses. */
const NESTING_LIMIT = 1024

const TOO_LARGE = 'JSON token size limit exceeded'

export type JsonStreamHandler = {
  readonly onValue: (value: JsonValue) => void
  /** What came was no value. The stream goes on behind it. */
  readonly onError: (error: JsonError) => void
}

export class JsonStream {
  readonly #lexer = new JsonLexer((token) => this.#take(token))
  readonly #handler: JsonStreamHandler
  #tokens: JsonToken[] = []
  #size = 0
  #braces = 0
  #brackets = 0

  constructor(handler: JsonStreamHandler) {
    this.#handler = handler
  }

  push(bytes: Buffer): void {
    this.#lexer.push(bytes)
  }

  /** What was begun ends here. */
  end(): void {
    this.#lexer.end()
    if (this.#tokens.length > 0) this.#finish()
  }

  #take(token: JsonToken): void {
    const refusal = this.#findRefusal(token)
    if (refusal !== undefined) {
      this.#reset()
      this.#handler.onError(new JsonError(refusal))
    } else this.#add(token)
  }

  #add(token: JsonToken): void {
    this.#tokens.push(token)
    const isWithin = this.#braces > 0 || this.#brackets > 0
    if (isWithin && this.#braces >= 0 && this.#brackets >= 0) return
    this.#finish()
  }

  #findRefusal(token: JsonToken): string | undefined {
    if (token.kind === 'excess') return TOO_LARGE
    if (token.kind === 'stray') return `JSON parse error, stray '${token.text}'`
    if (token.kind === 'structure') this.#count(token.text)
    this.#size += token.text.length
    if (this.#size > VALUE_LIMIT) return TOO_LARGE
    if (this.#tokens.length >= COUNT_LIMIT) return 'JSON token count limit exceeded'
    const depth = this.#braces + this.#brackets
    return depth > NESTING_LIMIT ? 'JSON nesting depth limit exceeded' : undefined
  }

  #count(text: string): void {
    if (text === '{') this.#braces++
    else if (text === '}') this.#braces--
    else if (text === '[') this.#brackets++
    else if (text === ']') this.#brackets--
  }

  #finish(): void {
    const tokens = this.#reset()
    try {
      this.#handler.onValue(parseJsonTokens(tokens))
    } catch (error) {
      if (!(error instanceof JsonError)) throw error
      this.#handler.onError(error)
    }
  }

  #reset(): readonly JsonToken[] {
    const tokens = this.#tokens
    this.#tokens = []
    this.#size = 0
    this.#braces = 0
    this.#brackets = 0
    return tokens
  }
}
