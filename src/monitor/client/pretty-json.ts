/** Results for people: JSON over several lines. */
import { isJsonList, isJsonObject, type JsonValue } from '../protocol/json-value.ts'
import { printJsonValue } from '../protocol/print-json.ts'

/** How much stands on one line, in characters. */
const WIDTH = 76

export function printPretty(value: JsonValue, indent = ''): string {
  const flat = printJsonValue(value)
  if (indent.length + flat.length <= WIDTH) return flat
  const inner = `${indent}  `
  if (isJsonList(value)) {
    const items = value.map((item) => `${inner}${printPretty(item, inner)}`)
    return `[\n${items.join(',\n')}\n${indent}]`
  }
  if (!isJsonObject(value)) return flat
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${printJsonValue(name)}: ${printPretty(member, inner)}`,
  )
  return `{\n${members.join(',\n')}\n${indent}}`
}
