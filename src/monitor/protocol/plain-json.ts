/** Values for programs that have one kind of numbers. */
import { isJsonList, isJsonObject, type JsonValue } from './json-value.ts'

/** An integer that a number does not hold exactly becomes a text. */
export function toPlainJson(value: JsonValue): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : `${value}`
  }
  if (isJsonList(value)) return value.map(toPlainJson)
  if (!isJsonObject(value)) return value
  const members = Object.entries(value).map(([name, member]) => [name, toPlainJson(member)])
  return Object.fromEntries(members)
}
