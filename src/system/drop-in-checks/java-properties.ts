/** Text of java.util.Properties: logical lines of a key and a value (the documentation of `Properties.load`). */
import type { Setting } from './settings.ts'

export type PropertiesText = {
  readonly settings: readonly Setting[]
  /** Those with an escape `\u` without four hexadecimal digits. */
  readonly malformed: readonly Setting[]
}

/** Comments are no lines that go on: a backslash at their end means nothing. */
const NATURAL_LINE = /[^\r\n]*(?:\r\n|\r|\n|$)/y

/** Reads every property, in order. */
export function readProperties(text: string): PropertiesText {
  const settings: Setting[] = []
  const malformed: Setting[] = []
  let at = 0
  while (at < text.length) {
    const line = readLogicalLine(text, at)
    at = line.next
    if (line.isBlank) continue
    const [key, value] = splitProperty(line.text)
    const setting = { key, name: key, value, start: line.start, end: line.end }
    settings.push(setting)
    if (hasMalformedEscape(line.text)) malformed.push(setting)
  }
  return { settings, malformed }
}

/** A backslash takes one character with it, and with `u` four digits more. */
const ESCAPE = /\\(?:u[0-9A-Fa-f]{4}|[^u]|$)/gs

function hasMalformedEscape(line: string): boolean {
  return line.replaceAll(ESCAPE, '').includes('\\')
}

type LogicalLine = {
  /** A comment, or a line without anything. */
  readonly isBlank: boolean
  /** Joined, with its escapes. */
  readonly text: string
  readonly start: number
  readonly end: number
  readonly next: number
}

function readLogicalLine(text: string, from: number): LogicalLine {
  let joined = ''
  let start: number | undefined
  let at = from
  for (;;) {
    const natural = readNaturalLine(text, at)
    const content = natural.replace(/[\r\n]+$/, '')
    const trimmed = content.replace(/^[ \t\f]+/, '')
    const begin = at + content.length - trimmed.length
    at += natural.length
    // A backslash alone does not begin a line yet.
    const isComment = joined === '' && /^(?:[#!]|$)/.test(trimmed)
    if (isComment) return { isBlank: true, text: '', start: begin, end: begin, next: at }
    start ??= begin
    const goesOn = endsInOddBackslashes(trimmed)
    joined += goesOn ? trimmed.slice(0, -1) : trimmed
    if (!goesOn || at >= text.length) {
      return { isBlank: false, text: joined, start, end: begin + trimmed.length, next: at }
    }
  }
}

function readNaturalLine(text: string, at: number): string {
  NATURAL_LINE.lastIndex = at
  return NATURAL_LINE.exec(text)?.[0] ?? ''
}

function endsInOddBackslashes(text: string): boolean {
  let at = text.length
  while (text[at - 1] === '\\') at--
  return (text.length - at) % 2 === 1
}

/** A key ends at the first of `=`, `:` and blanks that no backslash stands before. */
function splitProperty(line: string): readonly [key: string, value: string] {
  let at = 0
  while (at < line.length && !/[=: \t\f]/.test(line[at] ?? '')) at += line[at] === '\\' ? 2 : 1
  const rest = line.slice(at).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')
  return [unescapeText(line.slice(0, at)), unescapeText(rest)]
}

const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescapeText(text: string): string {
  return text.replaceAll(/\\(?:u([0-9A-Fa-f]{4})|(.?))/gs, (_, digits?: string, other?: string) =>
    digits === undefined
      ? (CONTROLS[other ?? ''] ?? other ?? '')
      : String.fromCharCode(Number.parseInt(digits, 16)),
  )
}
