/** Strings of QEMU's JSON: what stands between quotes -> text. */
import { refuseJson } from './json-error.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/**
 * @param text With its quotes, a character for each byte.
 * @throws JsonError
 */
export function readJsonString(text: string): string {
  const last = text.length - 1
  const parts: string[] = []
  for (let at = 1; at < last; ) {
    const backslash = text.indexOf('\\', at)
    const end = backslash < 0 ? last : backslash
    parts.push(decodeUtf8(text.slice(at, end)))
    if (backslash < 0) break
    const [character, next] = readEscape(text, backslash + 1)
    parts.push(character)
    at = next
  }
  return parts.join('')
}

/** @returns the character, and where the text goes on. */
function readEscape(text: string, at: number): readonly [string, number] {
  const letter = text[at] ?? ''
  if (letter !== 'u') {
    const character = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined
    return [character ?? refuseJson('invalid escape sequence in string'), at + 1]
  }
  const first = readUnit(text, at) ?? refuseUnit(text, at)
  if (first < 0xd800 || first > 0xdfff) {
    const character = String.fromCharCode(first)
    return NO_CHARACTER.test(character) ? refuseUnit(text, at) : [character, at + 5]
  }
  const isPair = first < 0xdc00 && text.startsWith('\\u', at + 5)
  const second = (isPair && readUnit(text, at + 6)) || 0
  if (second < 0xdc00 || second > 0xdfff) return refuseUnit(text, at)
  const character = String.fromCharCode(first, second)
  return NO_CHARACTER.test(character) ? refuseUnit(text, at, PAIR) : [character, at + PAIR]
}

function readUnit(text: string, at: number): number | undefined {
  const digits = text.slice(at + 1, at + 5)
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : undefined
}

/** Characters of two escapes behind the first backslash: `ud83f\udffe`. */
const PAIR = 11

function refuseUnit(text: string, at: number, length = 5): never {
  return refuseJson(`\\${text.slice(at, at + length)} is not a valid Unicode character`)
}

/** Code points that are no characters, which QEMU takes for a mistake. */
const NO_CHARACTER = /\p{Noncharacter_Code_Point}/u

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** U+0000 in two bytes, which QEMU takes although UTF-8 has it in one. */
const LONG_NUL = '\xc0\x80'

function decodeUtf8(bytes: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every character of ASCII
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes
  const text = decodeStrictly(Buffer.from(bytes.replaceAll(LONG_NUL, '\0'), 'latin1'))
  const isText = text !== undefined && !NO_CHARACTER.test(text)
  return isText ? text : refuseJson('invalid UTF-8 sequence in string')
}

function decodeStrictly(bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
