/** Checks of what programs hand to the library: each gives the checked value, or names the argument. */
import { fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { ARGUMENT_KINDS } from './argument-diagnostics.ts'

/** A text, or one with the name that messages call it by. */
export type TextInput = string | Source

/**
 * Checks one value.
 *
 * @param name What the caller knows it by: `options.timeout`.
 * @throws DiagnosticError LIBRARY_ARGUMENT, LIBRARY_OPTION
 */
export type ArgumentCheck<Value = unknown> = (value: unknown, name: string) => Value

/** @param expected Completes "has to be". */
export function refuseArgument(name: string, expected: string, value: unknown): never {
  return fail(ARGUMENT_KINDS.argument, { name, expected, given: describe(value) })
}

/** Texts, keys of objects and bytes are not shown: they may hold secrets. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (value === '') return 'an empty text'
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`
  if (typeof value === 'bigint') return `the bigint ${value}`
  if (Array.isArray(value)) return 'an array'
  if (ArrayBuffer.isView(value)) return 'bytes'
  return KINDS[typeof value] ?? 'of no known type'
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'an object',
  function: 'a function',
  symbol: 'a symbol',
}

export function requireString(value: unknown, name: string): string {
  return typeof value === 'string' ? value : refuseArgument(name, 'a text', value)
}

/** A text that is not empty and has no NUL: a path, or a name. */
export function requireName(value: unknown, name: string): string {
  const isName = typeof value === 'string' && value !== '' && !value.includes('\0')
  return isName ? value : refuseArgument(name, 'a text that is not empty and has no NUL', value)
}

export function requireBoolean(value: unknown, name: string): boolean {
  return typeof value === 'boolean' ? value : refuseArgument(name, 'true or false', value)
}

export function requireFunction(value: unknown, name: string): (...args: never) => unknown {
  return typeof value === 'function'
    ? (value as (...args: never) => unknown)
    : refuseArgument(name, 'a function', value)
}

/** A whole number within limits, both of them allowed. */
export function integerWithin(
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): ArgumentCheck<number> {
  const limits = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`
  return (value, name) => {
    const isWithin = Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
    return isWithin ? Number(value) : refuseArgument(name, `a whole number, ${limits}`, value)
  }
}

/** The longest time that a timer of Node.js takes, in milliseconds; a longer one would end at once. */
export const LONGEST_TIME = 2 ** 31 - 1

/** A time for a timer, which may have a fraction. */
export const requireMilliseconds = timeWithin('milliseconds', LONGEST_TIME)

export const requireSeconds = timeWithin('seconds', Math.floor(LONGEST_TIME / 1000))

/** A time in milliseconds that is cut to what a timer takes; it may be infinite. */
export function requireWait(value: unknown, name: string): number {
  const isTime = typeof value === 'number' && value >= 0
  return isTime ? value : refuseArgument(name, 'a number of milliseconds, 0 or more', value)
}

function timeWithin(unit: string, most: number): ArgumentCheck<number> {
  return (value, name) => {
    const isWithin = typeof value === 'number' && value >= 0 && value <= most
    return isWithin ? value : refuseArgument(name, `a number of ${unit}, 0 to ${most}`, value)
  }
}

export function requireDate(value: unknown, name: string): Date {
  const isDate = value instanceof Date && !Number.isNaN(value.getTime())
  return isDate ? value : refuseArgument(name, 'a valid Date', value)
}

export function requireBuffer(value: unknown, name: string): Buffer {
  return Buffer.isBuffer(value) ? value : refuseArgument(name, 'a Buffer', value)
}

export function requireInstance<Value>(
  value: unknown,
  name: string,
  kind: abstract new (...args: never) => Value,
): Value {
  return value instanceof kind ? value : refuseArgument(name, `an instance of ${kind.name}`, value)
}

/** One of a closed list. */
export function requireOneOf<Value>(value: unknown, known: readonly Value[], name: string): Value {
  const isKnown = (known as readonly unknown[]).includes(value)
  return isKnown ? (value as Value) : refuseArgument(name, `one of ${known.join(', ')}`, value)
}

/** @param label What messages call a text that comes without a name. */
export function requireText(value: unknown, name: string, label: string): Source {
  if (typeof value === 'string') return { name: label, text: value }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuseArgument(name, 'a text, or an object with the keys name and text', value)
  }
  const source = value as Source
  requireString(source.name, `${name}.name`)
  requireString(source.text, `${name}.text`)
  return source
}
