/** The definition of an object, however it is written: `--object`, JSON, YAML or a program's own. */
import { fail } from '../diagnostics/diagnostic.ts'
import type { Source, Span } from '../diagnostics/source.ts'
import { OPTION_KINDS } from './option-diagnostics.ts'

/** What a property may hold. On the command line every scalar is a text. */
export type PropertyValue =
  | string
  | boolean
  | readonly PropertyValue[]
  | { readonly [name: string]: PropertyValue }

export type ObjectDefinition = {
  /** The QOM type: `tls-creds-x509`. */
  readonly type: string
  readonly id: string
  /** All but the type and the id. */
  readonly properties: Readonly<Record<string, PropertyValue>>
  /** Where values are written, by their path: `dir`, `rules.0.match`; `` is the whole object. */
  readonly places?: ReadonlyMap<string, Span>
  /** Where the names of properties are written, by the same paths. */
  readonly namePlaces?: ReadonlyMap<string, Span>
}

/** The properties of an object with its type and id among them, as they were written. */
export type WrittenObject = {
  readonly properties: Readonly<Record<string, PropertyValue>>
  readonly places: ReadonlyMap<string, Span>
  readonly namePlaces?: ReadonlyMap<string, Span>
}

const TYPE = 'qom-type'
const ID = 'id'

/** Takes the type and the id out of what was written. */
export function defineObject({ properties, places, namePlaces }: WrittenObject): ObjectDefinition {
  const { [TYPE]: type, [ID]: id, ...rest } = properties
  const whole = places.get('')
  if (typeof type !== 'string' || type === '') {
    const hint = `begin with the type, for instance tls-creds-x509`
    fail(OPTION_KINDS.malformed, { reason: `the object has no ${TYPE}`, hint }, whole)
  }
  if (id === undefined) fail(OPTION_KINDS.missingId, { type: quote(type, whole) }, whole)
  if (typeof id !== 'string' || !/^[A-Za-z][A-Za-z0-9._-]*$/.test(id)) {
    const place = places.get(ID) ?? whole
    fail(OPTION_KINDS.invalidId, { id: quote(String(id), place) }, place)
  }
  return { type, id, properties: rest, places, ...(namePlaces && { namePlaces }) }
}

/** The whole of a source, for what has no better place. */
export function wholeOf(source: Source): Span {
  return { source, start: 0, end: source.text.length }
}

/** A word for a message. Of a text that may hold a secret none is shown: it may be a part of that. */
export function quote(word: string, place: Span | undefined): string {
  return place?.source.isSecret ? NOT_SHOWN : `\`${word}\``
}

/** Stands for what may be a secret, or a part of one. */
export const NOT_SHOWN = '(not shown: it may be of a secret)'

/** A place whose text no message shows. */
export function withoutText(place: Span): Span {
  return { ...place, source: { ...place.source, isSecret: true } }
}
