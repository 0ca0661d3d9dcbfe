/** A stream of XML as XMPP restricts it (RFC 6120, sections 4.8 and 11), an element at a time. */
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'

/** What a server says of itself is a few hundred bytes. */
const TEXT_LIMIT = 64 * 1024

export type XmlElement = {
  /** Empty where it has none. The prefix that stands for it is the choice of the sender. */
  readonly namespace: string
  /** Without a prefix. */
  readonly name: string
  readonly children: readonly XmlElement[]
  /** Its own, without that of its children. */
  readonly text: string
}

/** An element, and the words in which it came. */
export type ReadElement = { readonly element: XmlElement; readonly source: string }

type BegunElement = {
  readonly tag: string
  readonly isEmpty: boolean
  /** The prefixes that it declares. */
  readonly declared: readonly string[]
  readonly element: XmlElement & { readonly children: XmlElement[]; text: string }
}

type Markup = {
  readonly text: string
  /** Where the markup begins among all bytes. */
  readonly begin: number
  readonly markup: string
}

const NAME = `[^\\s<>/="'!?][^\\s<>/="']*`
const VALUE = `"[^"<]*"|'[^'<]*'`
const ATTRIBUTES = new RegExp(`\\s+(${NAME})\\s*=\\s*(${VALUE})`, 'g')
const START_TAG = new RegExp(`^<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:${VALUE}))*)\\s*(/?)>$`)
const END_TAG = new RegExp(`^</(${NAME})\\s*>$`)
const CDATA = { begin: '<![CDATA[', end: ']]>' } as const

const LEFT_ANGLE = 0x3c
const RIGHT_ANGLE = 0x3e
const EXCLAMATION_MARK = 0x21
const QUOTES: readonly number[] = [0x22, 0x27]

export class XmlStream {
  readonly #exchange: ClearExchange
  readonly #bytes: number[] = []
  readonly #namespaces = new Namespaces()

  constructor(exchange: ClearExchange) {
    this.#exchange = exchange
  }

  /** The element that is the stream itself: it stays open. */
  async begin(): Promise<XmlElement> {
    let { markup } = await this.#read()
    if (/^<\?xml\s/.test(markup)) ({ markup } = await this.#read())
    const { element, isEmpty } = beginElement(markup, this.#namespaces)
    if (isEmpty) refuse('an empty stream')
    return element
  }

  /** The next element in the stream, up to its last byte. */
  async next(): Promise<ReadElement> {
    const { markup, begin } = await this.#read()
    if (markup.startsWith('</')) refuse('an end of its stream')
    const begun = beginElement(markup, this.#namespaces)
    if (begun.isEmpty) this.#namespaces.forget(begun.declared)
    else await this.#readContent(begun)
    return { element: begun.element, source: this.#since(begin) }
  }

  /** Without recursion: the server decides how deep it goes. */
  async #readContent(root: BegunElement): Promise<void> {
    const open = [root]
    for (let inner = open.at(-1); inner; inner = open.at(-1)) {
      const { element } = inner
      const { text, markup } = await this.#read()
      element.text += text
      if (markup.startsWith(CDATA.begin)) {
        element.text += markup.slice(CDATA.begin.length, -CDATA.end.length)
      } else if (markup.startsWith('</')) {
        if (END_TAG.exec(markup)?.[1] !== inner.tag) refuse('XML whose tags do not match')
        open.pop()
        this.#namespaces.forget(inner.declared)
      } else {
        const child = beginElement(markup, this.#namespaces)
        element.children.push(child.element)
        if (child.isEmpty) this.#namespaces.forget(child.declared)
        else open.push(child)
      }
    }
  }

  /** The next tag or section of characters, and the text before it. */
  async #read(): Promise<Markup> {
    const start = this.#bytes.length
    while ((await this.#readByte()) !== LEFT_ANGLE);
    const text = this.#since(start).slice(0, -1)
    const begin = this.#bytes.length - 1
    const first = await this.#readByte()
    if (first === EXCLAMATION_MARK) await this.#readCharacters(begin)
    else await this.#readTag(first)
    return { text, begin, markup: this.#since(begin) }
  }

  /** Up to its end, which is none within quotes. */
  async #readTag(first: number): Promise<void> {
    let quote = 0
    for (let byte = first; quote !== 0 || byte !== RIGHT_ANGLE; byte = await this.#readByte()) {
      if (quote === 0 && QUOTES.includes(byte)) quote = byte
      else if (byte === quote) quote = 0
    }
  }

  async #readCharacters(begin: number): Promise<void> {
    while (this.#bytes.length < begin + CDATA.begin.length) await this.#readByte()
    if (this.#since(begin) !== CDATA.begin) refuse('a comment or a declaration within XMPP')
    while (this.#since(this.#bytes.length - CDATA.end.length) !== CDATA.end) await this.#readByte()
  }

  /** One at a time: what follows may belong to TLS already. */
  async #readByte(): Promise<number> {
    if (this.#bytes.length >= TEXT_LIMIT) refuse(`more than ${TEXT_LIMIT} bytes before TLS`)
    const [byte = 0] = await this.#exchange.read(1)
    this.#bytes.push(byte)
    return byte
  }

  #since(start: number): string {
    return Buffer.from(this.#bytes.slice(start)).toString('utf8')
  }
}

/**
 * Those of all open elements (Namespaces in XML 1.0, section 6), without a copy for each: elements that declare one
 * may be thousands deep.
 */
class Namespaces {
  /** By prefix, the innermost last; the empty prefix is that of names that have none. */
  readonly #open = new Map<string, string[]>()

  declare(prefix: string, namespace: string): void {
    const outer = this.#open.get(prefix)
    if (outer) outer.push(namespace)
    else this.#open.set(prefix, [namespace])
  }

  of(prefix: string): string {
    return this.#open.get(prefix)?.at(-1) ?? ''
  }

  forget(prefixes: readonly string[]): void {
    for (const prefix of prefixes) this.#open.get(prefix)?.pop()
  }
}

function beginElement(markup: string, namespaces: Namespaces): BegunElement {
  const [, tag = '', attributes = '', slash] = START_TAG.exec(markup) ?? refuse('malformed XML')
  const declared: string[] = []
  for (const [, name = '', value = ''] of attributes.matchAll(ATTRIBUTES)) {
    const match = /^xmlns(?::(.+))?$/.exec(name)
    if (!match) continue
    const [, prefix = ''] = match
    namespaces.declare(prefix, value.slice(1, -1))
    declared.push(prefix)
  }
  const [local = '', prefix = ''] = tag.split(':').reverse()
  const element = { namespace: namespaces.of(prefix), name: local, children: [], text: '' }
  return { tag, isEmpty: slash === '/', declared, element }
}
