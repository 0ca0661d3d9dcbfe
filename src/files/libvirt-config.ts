/**
 * libvirt's configuration files: `key = value`, a value being a text, a number or a list of them.
 *
 * file = *( [ key "=" value ] ( line end / ";" ) ); value = text / number / "[" [ value *( "," value
 * ) [ "," ] ] "]"; text in double or single quotes, in which nothing is escaped, or in three double
 * quotes, over several lines. A comment runs from # to the end of the line.
 */
import { fail } from '../diagnostics/diagnostic.ts'
import { type Source, type Span, spanText } from '../diagnostics/source.ts'
import { FILE_KINDS } from './file-diagnostics.ts'

export type LibvirtValue =
  /** Its span is the text without the quotes. */
  | { readonly kind: 'text'; readonly text: string; readonly span: Span }
  | { readonly kind: 'number'; readonly span: Span }
  | { readonly kind: 'list'; readonly items: readonly LibvirtValue[]; readonly span: Span }

/**
 * Finds a setting; of one that repeats libvirt takes the first.
 *
 * @throws DiagnosticError FILE_LIBVIRT_SYNTAX where the file cannot be read to its end: what follows could be meant
 *   for the setting.
 */
export function findLibvirtSetting(source: Source, key: string): LibvirtValue | undefined {
  const reader = new LibvirtReader(source)
  let found: LibvirtValue | undefined
  for (let entry = reader.readEntry(); entry; entry = reader.readEntry()) {
    if (entry.key === key) found ??= entry.value
  }
  return found
}

class LibvirtReader {
  readonly #source: Source
  #at = 0

  constructor(source: Source) {
    this.#source = source
  }

  readEntry(): { readonly key: string; readonly value: LibvirtValue } | undefined {
    this.#take(/(?:[\s;]|#.*)*/y)
    if (this.#at >= this.#source.text.length) return undefined
    const key = this.#take(/[A-Za-z][A-Za-z0-9_/.-]*/y) || this.#fail('a key is expected here')
    this.#take(/[ \t]*/y)
    if (this.#take(/=/y) === '') this.#fail('= is expected here')
    this.#take(/[ \t]*/y)
    const value = this.#readValue()
    this.#take(/[ \t]*(?:#.*)?/y)
    const isEnd =
      this.#at >= this.#source.text.length || /[\n\r;]/.test(this.#source.text[this.#at] ?? '')
    if (!isEnd) this.#fail('the line goes on where it should end')
    return { key, value }
  }

  #readValue(): LibvirtValue {
    const start = this.#at
    if (this.#take(/\[/y)) return this.#readList(start)
    const quoted = this.#take(/"""[\s\S]*?"""|"(?!"")[^"\n]*"|'[^'\n]*'/y)
    if (quoted) return this.#textBetween(start, quoted.startsWith('"""') ? 3 : 1)
    if (this.#take(/-?\d+/y)) return { kind: 'number', span: this.#spanFrom(start) }
    return this.#fail('a value is expected here: a text in quotes, a number or a list')
  }

  #readList(start: number): LibvirtValue {
    const items: LibvirtValue[] = []
    const blank = /(?:\s|#.*)*/y
    for (this.#take(blank); this.#take(/\]/y) === ''; this.#take(blank)) {
      if (items.length > 0 && this.#take(/,/y) === '') this.#fail('a comma or ] is expected here')
      this.#take(blank)
      if (this.#source.text[this.#at] === '[') this.#fail('a list cannot hold lists')
      if (this.#source.text[this.#at] !== ']') items.push(this.#readValue())
    }
    return { kind: 'list', items, span: this.#spanFrom(start) }
  }

  #textBetween(start: number, quotes: number): LibvirtValue {
    const span = { source: this.#source, start: start + quotes, end: this.#at - quotes }
    return { kind: 'text', text: spanText(span), span }
  }

  #spanFrom(start: number): Span {
    return { source: this.#source, start, end: this.#at }
  }

  /** Takes what a sticky pattern matches here. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const text = pattern.exec(this.#source.text)?.[0] ?? ''
    this.#at += text.length
    return text
  }

  #fail(reason: string): never {
    const [source, at] = [this.#source, this.#at]
    fail(FILE_KINDS.libvirtSyntax, { reason }, { source, start: at, end: at + 1 })
  }
}
