/** Reads the properties of an object: only those that its type has, each as what it is. */
import { DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import { type Span, spanText } from '../diagnostics/source.ts'
import type { ObjectDefinition, PropertyValue } from './object-definition.ts'
import { NOT_SHOWN } from './object-definition.ts'
import { OPTION_KINDS } from './option-diagnostics.ts'
import { readSize } from './size.ts'

/** As QEMU reads booleans. */
const FLAGS: Readonly<Record<string, boolean>> = {
  on: true,
  yes: true,
  true: true,
  y: true,
  off: false,
  no: false,
  false: false,
  n: false,
}

type Places = Pick<ObjectDefinition, 'places' | 'namePlaces'>

/** The properties of an object, or of one item of a list inside it. */
export class PropertyReader {
  /** What messages call it: `tls-creds-x509 tls0`, `rules.0`. */
  readonly what: string
  readonly #values: Readonly<Record<string, PropertyValue>>
  readonly #path: string
  readonly #places: Places

  private constructor(
    what: string,
    values: Readonly<Record<string, PropertyValue>>,
    path: string,
    places: Places,
  ) {
    this.what = what
    this.#values = values
    this.#path = path
    this.#places = places
  }

  /** @throws DiagnosticError OBJECT_UNKNOWN_PROPERTY, for each that is not among those known. */
  static of(definition: ObjectDefinition, known: readonly string[]): PropertyReader {
    const { type, id, properties } = definition
    const reader = new PropertyReader(`${type} ${id}`, properties, '', definition)
    reader.#refuseUnknown(type, known)
    return reader
  }

  /** Where a property is written, or the object where it is not. */
  spanOf(name: string): Span | undefined {
    const { places } = this.#places
    return places?.get(`${this.#path}${name}`) ?? places?.get('')
  }

  #nameSpanOf(name: string): Span | undefined {
    return this.#places.namePlaces?.get(`${this.#path}${name}`) ?? this.spanOf(name)
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined
  }

  text(name: string): string | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'string') return value
    return this.refuse(name, 'a text')
  }

  requiredText(name: string, hint?: string): string {
    const value = this.text(name)
    if (value !== undefined && value !== '') return value
    const data = { what: this.what, name, ...(hint === undefined ? {} : { hint }) }
    return fail(OPTION_KINDS.missingProperty, data, this.spanOf(name))
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'boolean') return value ?? fallback
    const read = typeof value === 'string' && Object.hasOwn(FLAGS, value) ? FLAGS[value] : undefined
    return read ?? this.refuse(name, 'on or off')
  }

  /** A whole number up to a limit. */
  count(name: string, fallback: number, limit = Number.MAX_SAFE_INTEGER): number {
    const text = this.text(name)
    if (text === undefined) return fallback
    const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (count <= limit) return count
    return this.refuse(name, `a whole number up to ${limit}`)
  }

  /** In bytes, below 2^53. */
  size(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const size = readSize(text)
    if (Number.isSafeInteger(size)) return size
    return this.refuse(name, 'a number of bytes below 2^53, as 512M or 2G')
  }

  choice<Choice extends string>(
    name: string,
    choices: readonly Choice[],
    fallback?: Choice,
  ): Choice {
    const value = fallback === undefined ? this.requiredText(name) : (this.text(name) ?? fallback)
    const choice = choices.find((one) => one === value)
    return choice ?? this.refuse(name, choices.join(' or '))
  }

  /** A list of groups of properties; empty where it is not given. */
  list(name: string, known: readonly string[]): readonly PropertyReader[] {
    const value = this.#value(name) ?? []
    if (!Array.isArray(value)) return this.refuse(name, `a list: ${name}.0.${known[0]}=...`)
    return value.map((item: PropertyValue, index) => {
      const path = `${this.#path}${name}.${index}`
      if (typeof item !== 'object' || Array.isArray(item)) {
        return this.refuse(`${name}.${index}`, `${known.join(', ')}`)
      }
      const values = item as Readonly<Record<string, PropertyValue>>
      const reader = new PropertyReader(path, values, `${path}.`, this.#places)
      reader.#refuseUnknown(path, known)
      return reader
    })
  }

  /** Refuses a value; says what the property takes. */
  refuse(name: string, expected: string, hint?: string): never {
    const value = this.#values[name]
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const shown = this.#isSecret ? NOT_SHOWN : `\`${text}\``
    const data = { name, value: shown, expected, ...(hint === undefined ? {} : { hint }) }
    fail(OPTION_KINDS.wrongValue, data, this.spanOf(name))
  }

  /** A comma in a secret that is not doubled makes a property of what follows. */
  get #isSecret(): boolean {
    return this.what.startsWith('secret')
  }

  #value(name: string): PropertyValue | undefined {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
  }

  /**
   * What stands behind a comma of the value before looks like a property: a word without a value, the
   * `=` at the end of base64, or nothing that a property could be called.
   */
  #mayBeRest(name: string): boolean {
    const span = this.spanOf(name)
    if (!span?.source.isSecret) return false
    const value = this.#values[name]
    const isBare = value === 'on' && spanText(span) === name
    return isBare || value === '' || !/^[a-z]+(?:-[a-z]+)*$/.test(name)
  }

  #refuseUnknown(type: string, known: readonly string[]): void {
    const unknown = Object.keys(this.#values).filter((name) => !known.includes(name))
    if (unknown.length === 0) return
    const diagnostics = unknown.map((name) => {
      const shown = this.#isSecret || this.#mayBeRest(name) ? NOT_SHOWN : `\`${name}\``
      const data = { type, name: shown, known }
      return diagnose(OPTION_KINDS.unknownProperty, data, this.#nameSpanOf(name))
    })
    throw new DiagnosticError(diagnostics)
  }
}
