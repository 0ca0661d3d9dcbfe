/** Writes values as QEMU's monitor writes them: in ASCII, on one line. */
import { isJsonList, type JsonValue } from './json-value.ts'

export function printJsonValue(value: JsonValue): string {
  if (typeof value === 'string') return printString(value)
  if (typeof value === 'bigint') return `${value}`
  if (typeof value === 'number') return printNumber(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (isJsonList(value)) return `[${value.map(printJsonValue).join(', ')}]`
  const members = Object.entries(value).map(([name, member]) => {
    return `${printString(name)}: ${printJsonValue(member)}`
  })
  return `{${members.join(', ')}}`
}

/** QEMU writes `inf` for what is larger than any number of 64 bits, which is no JSON: this is, and is read as the same. */
function printNumber(value: number): string {
  if (Object.is(value, -0)) return '-0'
  return String(value).replace('Infinity', '1e999')
}

/** In ASCII: what a terminal or a log shows never depends on its character set. */
function printString(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}
