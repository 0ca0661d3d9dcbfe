/** Which options the back-ends have, and the values of those that are given. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { type Span, spanText } from '../../diagnostics/source.ts'
import type { PropertyValue, WrittenObject } from '../../options/object-definition.ts'
import type { BackendName } from './chardev-definition.ts'
import { DEFINITION_KINDS } from './definition-diagnostics.ts'

/** Each back-end has them. */
const SHARED = ['mux', 'logfile', 'logappend', 'logsize']

/** Those of a socket that have a meaning whatever its address is. */
const SOCKET = [
  ...['server', 'wait', 'reconnect', 'reconnect-ms', 'telnet', 'tn3270', 'websocket'],
  ...['nodelay', 'delay', 'tls-creds', 'tls-authz', 'tls-hostname', 'writer', 'writer-authz'],
]

const ADDRESS = ['host', 'port', 'to', 'ipv4', 'ipv6', 'path', 'abstract', 'tight', 'fd']

const OPTIONS: Readonly<Record<BackendName, readonly string[]>> = {
  socket: [...ADDRESS, ...SOCKET],
  stdio: ['signal'],
  pty: [],
  file: ['path', 'append'],
  pipe: ['path'],
  exec: ['command'],
  null: [],
  ringbuf: ['size'],
}

export const CHARDEV_BACKEND_NAMES = Object.keys(OPTIONS) as readonly BackendName[]

/** Options of QEMU's other back-ends. */
const ELSEWHERE = [
  ...['localaddr', 'localport', 'width', 'height', 'cols', 'rows', 'name', 'debug', 'chardev'],
  ...['mouse', 'clipboard', 'input-path'],
]

const FLAGS = new Set([
  ...['mux', 'logappend', 'server', 'wait', 'telnet', 'tn3270', 'websocket', 'nodelay', 'delay'],
  ...['ipv4', 'ipv6', 'abstract', 'tight', 'signal', 'append'],
])

/** What QEMU takes for a flag. */
const TRUE: ReadonlySet<string> = new Set(['on', 'yes', 'true', 'y'])
const FALSE: ReadonlySet<string> = new Set(['off', 'no', 'false', 'n'])

/** `64K`, `1.5K`, `0x400`; NaN for anything else. */
function sizeOf(text: string): number {
  if (/^0x[\da-f]{1,13}$/i.test(text)) return Number(text)
  const [, digits, unit = 'B'] =
    /^(\d{1,16}|\d{1,8}\.\d{1,8}(?=[KMGTPE]))([BKMGTPE]?)$/i.exec(text) ?? []
  return Math.floor(Number(digits) * 1024 ** 'BKMGTPE'.indexOf(unit.toUpperCase()))
}

/** The options of one chardev, each read as what it is. */
export class ChardevOptions {
  readonly backend: BackendName
  readonly #values = new Map<string, PropertyValue>()
  readonly #places: ReadonlyMap<string, Span>

  /** @throws DiagnosticError CHARDEV_UNKNOWN_OPTION, CHARDEV_USELESS_OPTION */
  constructor(backend: BackendName, { properties, places }: WrittenObject) {
    this.backend = backend
    this.#places = places
    const own = [...OPTIONS[backend], ...SHARED]
    for (const [written, value] of Object.entries(properties)) {
      const { name, isOff } = this.#readName(written, own)
      this.#values.set(name, isOff ? 'off' : value)
    }
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name)
    if (value === undefined || typeof value === 'string') return value
    return this.refuse(name, 'a string')
  }

  flag(name: string): boolean | undefined {
    const value = this.#values.get(name)
    if (value === undefined || typeof value === 'boolean') return value
    if (typeof value === 'string' && TRUE.has(value)) return true
    if (typeof value === 'string' && FALSE.has(value)) return false
    return this.refuse(name, "'on' or 'off'")
  }

  /** A whole number up to a limit. */
  number(name: string, limit: number): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    return number <= limit ? number : this.refuse(name, `a number up to ${limit}`)
  }

  /** A number of bytes with QEMU's units. */
  size(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const size = sizeOf(text)
    return Number.isSafeInteger(size) ? size : this.refuse(name, 'a size, as 64K')
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    return choices.find((one) => one === text) ?? this.refuse(name, choices.join(', '))
  }

  spanOf(name: string): Span | undefined {
    return this.#places.get(name) ?? this.#places.get('')
  }

  refuse(name: string, expected: string): never {
    const value = this.#values.get(name)
    const shown = typeof value === 'string' ? value : JSON.stringify(value)
    fail(DEFINITION_KINDS.wrongValue, { name, expected, value: shown }, this.spanOf(name))
  }

  /** Refuses an option that the others make useless. */
  refuseUseless(names: readonly string[], what: string): void {
    const name = names.find((one) => this.has(one))
    if (name === undefined) return
    fail(DEFINITION_KINDS.uselessOption, { name, what }, this.spanOf(name))
  }

  /** `nowait` is the old form of `wait=off`. */
  #readName(name: string, own: readonly string[]): { name: string; isOff?: boolean } {
    if (own.includes(name)) return { name }
    const span = this.spanOf(name)
    const rest = name.replace(/^no/, '')
    const isBare = span !== undefined && spanText(span) === name
    if (isBare && rest !== name && FLAGS.has(rest) && own.includes(rest)) {
      return { name: rest, isOff: true }
    }
    const all = [...Object.values(OPTIONS).flat(), ...ELSEWHERE]
    if (!all.includes(name)) fail(DEFINITION_KINDS.unknownOption, { name, known: own }, span)
    const what = `back-end ${this.backend}`
    return fail(DEFINITION_KINDS.uselessOption, { name, what, known: own }, span)
  }
}
