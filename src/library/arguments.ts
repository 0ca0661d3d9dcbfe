/** Checks of what programs hand to the library: each gives the checked value, or names the argument. */
import { fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { LIBRARY_KINDS } from './library-diagnostics.ts'

/** A text, or one with the name that messages call it by. */
export type TextInput = string | Source

function refuse(name: string, expected: string, value: unknown): never {
  return fail(LIBRARY_KINDS.argument, { name, expected, given: describe(value) })
}

/** Long texts and objects are named by what they are: they may hold secrets. */
function describe(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return value.length > 40 ? 'another text' : `'${value}'`
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `${typeof value} ${String(value)}`
}

export function requireString(value: unknown, name: string): string {
  return typeof value === 'string' ? value : refuse(name, 'a string', value)
}

export function requireObject<Value>(value: Value, name: string, keys: readonly string[]): Value {
  const object = value as Readonly<Record<string, unknown>> | null
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    refuse(name, 'an object', value)
  }
  for (const key of keys) {
    if (object[key] === undefined) refuse(`${name}.${key}`, 'there', undefined)
  }
  return value
}

export function requireArray<Value>(value: readonly Value[], name: string): readonly Value[] {
  return Array.isArray(value) ? value : refuse(name, 'an array', value)
}

/** One of a list; where it may be left out, undefined stays undefined. */
export function requireOneOf<Value>(value: Value, known: readonly Value[], name: string): Value {
  return known.includes(value) ? value : refuse(name, `one of ${known.join(', ')}`, value)
}

/** @param label What messages call a text that comes without a name. */
export function requireText(value: TextInput, name: string, label: string): Source {
  if (typeof value === 'string') return { name: label, text: value }
  requireObject(value, name, [])
  requireString(value.name, `${name}.name`)
  requireString(value.text, `${name}.text`)
  return value
}
