/** Checks of objects and lists that programs hand to the library, key by key. */
import { fail } from '../diagnostics/diagnostic.ts'
import { ARGUMENT_KINDS } from './argument-diagnostics.ts'
import { type ArgumentCheck, refuseArgument } from './single-values.ts'

/** A check for each key of a type: one that is forgotten here is an error of the compiler. */
export type Shape<Value> = { readonly [Key in keyof Value]-?: ArgumentCheck }

type Keys = Readonly<Record<string, unknown>>

/** Any object but an array. */
export function requireObject(value: unknown, name: string): Keys {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Keys) : refuseArgument(name, 'an object', value)
}

/** A list, each of whose members passes a check. */
export function listOfChecked(check: ArgumentCheck): ArgumentCheck<readonly unknown[]> {
  return (value, name) => {
    if (!Array.isArray(value)) return refuseArgument(name, 'an array', value)
    for (const [index, member] of value.entries()) check(member, `${name}[${index}]`)
    return value
  }
}

/** What may be left out, which undefined means too. */
export function optionalChecked(check: ArgumentCheck): ArgumentCheck {
  return (value, name) => (value === undefined ? undefined : check(value, name))
}

/**
 * What the program writes down itself: options, requests. A key that does not exist is refused, since it is
 * misspelt or has no effect.
 */
export function optionsOf<Value>(shape: Shape<Value>): ArgumentCheck<Value> {
  const known = Object.keys(shape)
  const check = objectOf(shape)
  return (value, name) => {
    const object = requireObject(value, name)
    const key = Object.keys(object).find((own) => !known.includes(own))
    if (key !== undefined) return fail(ARGUMENT_KINDS.option, { name, key, known })
    return check(object, name)
  }
}

/** What the library made, or an object with methods: it may have more than these keys. */
export function objectOf<Value>(shape: Partial<Shape<Value>>): ArgumentCheck<Value> {
  const checks = Object.entries(shape) as [string, ArgumentCheck][]
  return (value, name) => {
    const object = requireObject(value, name)
    for (const [key, check] of checks) check(object[key], `${name}.${key}`)
    return value as Value
  }
}

/** What the library made: there is no way for a program to write it down. */
export function madeBy<Value>(maker: string, shape: Partial<Shape<Value>>): ArgumentCheck<Value> {
  const checks = Object.entries(shape) as [string, ArgumentCheck][]
  return (value, name) => {
    const object = value as Keys | null | undefined
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    const expected = `what ${maker} gives`
    if (!isObject) return refuseArgument(name, expected, value)
    for (const [key, check] of checks) {
      if (object?.[key] === undefined) return refuseArgument(name, expected, value)
      check(object[key], `${name}.${key}`)
    }
    return value as Value
  }
}
