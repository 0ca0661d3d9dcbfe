/** JSON as QEMU's monitor has it: integers of 64 bits are kept exactly, so they are apart from other numbers. */

/** Integers are bigint, numbers with a fraction or an exponent are number. */
export type JsonValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly JsonValue[]
  | JsonObject

export type JsonObject = { readonly [name: string]: JsonValue }

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isJsonList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** The value of a member; undefined where the object has none of this name. */
export function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** An object of members whose names come from a peer: no name means anything to the language. */
export function objectOfEntries(entries: Iterable<readonly [string, JsonValue]>): JsonObject {
  const object: { [name: string]: JsonValue } = Object.create(null)
  for (const [name, value] of entries) object[name] = value
  return object
}
