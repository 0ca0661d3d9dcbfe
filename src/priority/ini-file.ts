/** The INI dialect of GnuTLS's configuration file: its lines, without what they mean. */
import { Buffer } from 'node:buffer'
import type { Source, Span } from '../diagnostics/source.ts'

/** A value with the section and key that it belongs to. */
export type IniEntry = {
  /** Empty before the first section. */
  readonly section: string
  readonly key: string
  readonly value: string
  /** Where the value stands; its text is the value. */
  readonly span: Span
  /** Where the line stands, without white space around it. */
  readonly line: Span
  /** The line has no key of its own: it repeats that of the line above. */
  readonly continuation: boolean
}

/** A file as written. */
export type IniFile = {
  readonly source: Source
  readonly entries: readonly IniEntry[]
  /** The first line that is neither a section, nor an entry, nor a comment. */
  readonly malformed?: Span
  /** Lines that were too long and fell apart. */
  readonly split: readonly Span[]
  /** There is no such file. */
  readonly absent?: true
}

/** A longer line falls apart into lines of this many bytes. */
const MAX_LINE_BYTES = 2047

/** Longer section names and repeated keys are cut. */
const MAX_NAME = 49

const SPACE = /[ \t\n\v\f\r]/
const COMMENT = /[;#]/
const BYTE_ORDER_MARK = '\ufeff'

type Line = { readonly start: number; readonly end: number }

/**
 * file         = *( blank / comment / section / entry / continuation )
 * comment      = (";" / "#") *any
 * section      = "[" name "]" *any
 * entry        = name ("=" / ":") value [ space comment ]
 * continuation = space value            ; after an entry; here `#` is part of the value
 */
export function parseIniFile(source: Source): IniFile {
  const parser = new IniParser(source)
  return parser.parse()
}

class IniParser {
  readonly #source: Source
  readonly #entries: IniEntry[] = []
  readonly #split: Span[] = []
  #section = ''
  #lastKey = ''
  #malformed: Span | undefined

  constructor(source: Source) {
    this.#source = source
  }

  parse(): IniFile {
    const { text } = this.#source
    let at = 0
    while (at < text.length && !this.#malformed) {
      const next = this.#endOfLine(at)
      this.#parseLine(at, this.#trim(at + this.#byteOrderMark(at), this.#endOfText(at, next)))
      at = next
    }
    const [source, entries, split, malformed] = [
      this.#source,
      this.#entries,
      this.#split,
      this.#malformed,
    ]
    return { source, entries, split, ...(malformed ? { malformed } : {}) }
  }

  #byteOrderMark(at: number): number {
    return at === 0 && this.#source.text.startsWith(BYTE_ORDER_MARK) ? 1 : 0
  }

  /** The offset after the line's end, or after as much of it as GnuTLS reads at once. */
  #endOfLine(start: number): number {
    const { text } = this.#source
    const lineFeed = text.indexOf('\n', start)
    const end = lineFeed < 0 ? text.length : lineFeed + 1
    if ((end - start) * 3 <= MAX_LINE_BYTES) return end
    const cut = cutAtBytes(text, start, end, MAX_LINE_BYTES)
    if (cut < end) this.#split.push(this.#span({ start, end: cut }))
    return cut
  }

  /** GnuTLS reads lines as C strings, so a NUL ends one. */
  #endOfText(start: number, end: number): number {
    const nul = this.#source.text.slice(start, end).indexOf('\0')
    return nul < 0 ? end : start + nul
  }

  #parseLine(lineStart: number, line: Line): void {
    const first = this.#source.text[line.start] ?? ''
    if (line.start === line.end || COMMENT.test(first)) return
    if (this.#lastKey !== '' && line.start > lineStart)
      this.#addEntry(this.#lastKey, line, line, true)
    else if (first === '[') this.#parseSection(line)
    else this.#parseEntry(line)
  }

  #parseSection(line: Line): void {
    const { text } = this.#source
    const end = this.#find(']', line.start + 1, line.end)
    if (text[end] !== ']' || end >= line.end) {
      this.#malformed = this.#span(line)
      return
    }
    this.#section = text.slice(line.start + 1, end).slice(0, MAX_NAME)
    this.#lastKey = ''
  }

  #parseEntry(line: Line): void {
    const { text } = this.#source
    const separator = this.#find('=:', line.start, line.end)
    if (separator >= line.end || COMMENT.test(text[separator] ?? '')) {
      this.#malformed = this.#span(line)
      return
    }
    const key = this.#trim(line.start, separator)
    const value = this.#trim(separator + 1, this.#find('', separator + 1, line.end))
    const name = text.slice(key.start, key.end)
    this.#lastKey = name.slice(0, MAX_NAME)
    this.#addEntry(name, value, line, false)
  }

  #addEntry(key: string, value: Line, line: Line, continuation: boolean): void {
    this.#entries.push({
      section: this.#section,
      key,
      value: this.#source.text.slice(value.start, value.end),
      span: this.#span(value),
      line: this.#span(line),
      continuation,
    })
  }

  /** Finds a stop character, or a comment that stands after white space, or the end. */
  #find(stops: string, start: number, end: number): number {
    const { text } = this.#source
    let afterSpace = false
    for (let at = start; at < end; at++) {
      const character = text[at] ?? ''
      if (stops.includes(character)) return at
      if (afterSpace && COMMENT.test(character)) return at
      afterSpace = SPACE.test(character)
    }
    return end
  }

  #trim(start: number, end: number): Line {
    const { text } = this.#source
    let first = start
    let last = end
    while (first < last && SPACE.test(text[first] ?? '')) first++
    while (last > first && SPACE.test(text[last - 1] ?? '')) last--
    return { start: first, end: last }
  }

  #span({ start, end }: Line): Span {
    return { source: this.#source, start, end }
  }
}

function cutAtBytes(text: string, start: number, end: number, limit: number): number {
  let bytes = 0
  for (let at = start; at < end; ) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
    bytes += Buffer.byteLength(character)
    if (bytes > limit) return at
    at += character.length
  }
  return end
}
