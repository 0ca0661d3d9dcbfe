/** The parts of an endpoint file, each with the places of its own values. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Source, Span } from '../../diagnostics/source.ts'
import {
  defineObject,
  type ObjectDefinition,
  type PropertyValue,
  quote,
  type WrittenObject,
} from '../../options/object-definition.ts'
import { mayHoldSecret } from '../../tls/objects/secret-words.ts'
import { FILE_SECTIONS } from '../sections/all-sections.ts'
import type { FileSection } from '../sections/section.ts'
import { FILE_DIAGNOSTIC_KINDS } from './file-diagnostics.ts'

const OBJECTS = 'objects'
const SECTION_KEYS = ['name', 'guest', OBJECTS, ...FILE_SECTIONS.map(({ key }) => key)]

/** Names in a file that say nothing of secrets. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...SECTION_KEYS,
  ...FILE_SECTIONS.flatMap(({ properties }) => Object.keys(properties)),
])

/** Words by which users call secrets: where there is one, no line of the file is shown. */
const NAMES_A_SECRET = /secret|pass|pwd|token|\bdata\b|\\[ux]/i

/** Messages show no part of a text that may hold a secret, as in files of objects alone. */
export function markSecret(source: Source): Source {
  const isSecret = mayHoldSecret(withoutComments(source), HARMLESS)
  return isSecret ? { ...source, isSecret } : source
}

function withoutComments({ text }: Source): string {
  return text.replace(/(^|\s)#.*/gm, '$1')
}

/** The parts of a file, each with the places of its own values. */
export class Document {
  readonly #source: Source
  readonly #properties: WrittenObject['properties']
  readonly #places: WrittenObject['places']
  readonly #namePlaces: WrittenObject['places']

  constructor(source: Source, { properties, places, namePlaces }: WrittenObject) {
    this.#source = source
    this.#properties = properties
    const secret = { ...source, isSecret: true }
    const isSecretAll = NAMES_A_SECRET.test(source.text)
    const isSecretObjects = isSecretAll || mayHoldSecret(withoutComments(source), HARMLESS)
    const isHidden = (path: string) =>
      isSecretAll || (isSecretObjects && path.startsWith(`${OBJECTS}.`))
    const hide = (known: WrittenObject['places']) =>
      new Map(
        [...known].map(([path, place]) => [
          path,
          { ...place, source: isHidden(path) ? secret : source },
        ]),
      )
    this.#places = hide(places)
    this.#namePlaces = hide(namePlaces ?? new Map())
  }

  /** @throws DiagnosticError ENDPOINT_FILE_UNKNOWN_SECTION */
  refuseUnknown(key: string): void {
    if (SECTION_KEYS.includes(key)) return
    const place = this.#places.get(key)
    fail(
      FILE_DIAGNOSTIC_KINDS.unknownSection,
      { key: quote(key, place), known: SECTION_KEYS },
      place,
    )
  }

  get name(): string {
    return this.#source.name
  }

  has(key: string): boolean {
    return this.#value(key) !== undefined
  }

  /** Whether there is a section beside the objects. */
  get hasEntries(): boolean {
    return FILE_SECTIONS.some(({ key }) => this.has(key))
  }

  objects(): readonly WrittenObject[] {
    return this.#list(OBJECTS)
  }

  text(key: string): string | undefined {
    const value = this.#value(key)
    if (value === undefined || typeof value === 'string') return value
    return this.#refuse(key, 'a text')
  }

  #list(key: string): readonly WrittenObject[] {
    const value = this.#value(key) ?? []
    if (!Array.isArray(value)) return this.#refuse(key, 'a list')
    return value.map((item: PropertyValue, index) => {
      const path = `${key}.${index}`
      return isMapping(item) ? this.#part(path, item) : this.#refuse(path, 'a mapping')
    })
  }

  entries({ key, what, isSingle }: FileSection): readonly ObjectDefinition[] {
    if (!isSingle) {
      return this.#list(key).map(({ properties, ...written }) =>
        defineObject({ properties: { ...properties, 'qom-type': what }, ...written }),
      )
    }
    const value = this.#value(key)
    if (value === undefined) return []
    if (!isMapping(value)) return this.#refuse(key, 'a mapping')
    return [{ type: what, id: key, ...this.#part(key, value) }]
  }

  #part(path: string, properties: WrittenObject['properties']): WrittenObject {
    const places = below(this.#places, path)
    const whole = this.#places.get(path)
    if (whole) places.set('', whole)
    return { properties, places, namePlaces: below(this.#namePlaces, path) }
  }

  #value(key: string): PropertyValue | undefined {
    return Object.hasOwn(this.#properties, key) ? this.#properties[key] : undefined
  }

  #refuse(key: string, expected: 'a list' | 'a mapping' | 'a text'): never {
    fail(FILE_DIAGNOSTIC_KINDS.wrongShape, { key, expected }, this.#places.get(key))
  }
}

/** The places below a path, by the rest of theirs. */
function below(places: WrittenObject['places'], path: string): Map<string, Span> {
  return new Map(
    [...places].flatMap(([at, place]) =>
      at.startsWith(`${path}.`) ? [[at.slice(path.length + 1), place]] : [],
    ),
  )
}

function isMapping(value: PropertyValue): value is Readonly<Record<string, PropertyValue>> {
  return typeof value === 'object' && !Array.isArray(value)
}
