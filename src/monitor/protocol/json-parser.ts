/** Tokens of one value -> the value. */
import { refuseJson } from './json-error.ts'
import type { JsonToken } from './json-lexer.ts'
import { readJsonString } from './json-string.ts'
import { type JsonObject, type JsonValue, objectOfEntries } from './json-value.ts'

/**
 * @param tokens No deeper nested than the caller can recurse.
 * @throws JsonError
 */
export function parseJsonTokens(tokens: readonly JsonToken[]): JsonValue {
  return new Parser(tokens).parseValue()
}

class Parser {
  readonly #tokens: readonly JsonToken[]
  #at = 0

  constructor(tokens: readonly JsonToken[]) {
    this.#tokens = tokens
  }

  /** value: object | list | string | number | keyword */
  parseValue(): JsonValue {
    const token = this.#next()
    switch (token.kind) {
      case 'structure':
        if (token.text === '{') return this.#parseObject()
        if (token.text === '[') return this.#parseList()
        return refuseJson('expecting value')
      case 'string':
        return readJsonString(token.text)
      case 'number':
        return readNumber(token.text)
      case 'keyword':
        return readKeyword(token.text)
      default:
        return refuseJson('expecting value')
    }
  }

  /** object: '{' [ pair { ',' pair } ] '}' */
  #parseObject(): JsonObject {
    const members = new Map<string, JsonValue>()
    if (this.#skip('}')) return objectOfEntries(members)
    for (;;) {
      this.#parsePair(members)
      if (this.#skip('}')) return objectOfEntries(members)
      if (!this.#skip(',')) refuseJson('expected separator in dict')
    }
  }

  /** pair: string ':' value */
  #parsePair(members: Map<string, JsonValue>): void {
    const key = this.#parseKey()
    if (!this.#skip(':')) refuseJson('missing : in object pair')
    const value = this.parseValue()
    if (members.has(key)) refuseJson('duplicate key')
    members.set(key, value)
  }

  #parseKey(): string {
    const key = this.parseValue()
    return typeof key === 'string' ? key : refuseJson('key is not a string in object')
  }

  /** list: '[' [ value { ',' value } ] ']' */
  #parseList(): readonly JsonValue[] {
    const items: JsonValue[] = []
    if (this.#skip(']')) return items
    for (;;) {
      items.push(this.parseValue())
      if (this.#skip(']')) return items
      if (!this.#skip(',')) refuseJson('expected separator in list')
    }
  }

  #next(): JsonToken {
    return this.#tokens[this.#at++] ?? refuseJson('premature EOI')
  }

  #skip(text: string): boolean {
    const token = this.#tokens[this.#at]
    if (!token) return refuseJson('premature EOI')
    const isIt = token.kind === 'structure' && token.text === text
    if (isIt) this.#at++
    return isIt
  }
}

const SMALLEST = -(2n ** 63n)
const LARGEST = 2n ** 64n - 1n

/** Integers that 64 bits do not hold lose digits, as in QEMU. */
function readNumber(text: string): JsonValue {
  if (/[.eE]/.test(text)) return Number(text)
  // A number of a million digits would take a second to read; one of 21 is none of 64 bits.
  if (text.length > 21) return Number(text)
  const integer = BigInt(text)
  return integer >= SMALLEST && integer <= LARGEST ? integer : Number(text)
}

const KEYWORDS: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['true', true],
  ['false', false],
  ['null', null],
])

function readKeyword(text: string): JsonValue {
  const value = KEYWORDS.get(text)
  return value === undefined ? refuseJson(`invalid keyword '${text.slice(0, 80)}'`) : value
}
