/**
 * QEMU's syntax of options with values: `tls-creds-x509,id=tls0,dir=/etc/pki/qemu`.
 *
 * options = value *( "," option ); option = key [ "=" value ]; a comma in a value is doubled. A key
 * with dots names something inside: `rules.0.match` is `match` of the first of `rules`. A key
 * without a value is a flag that is on.
 */
import { DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { Source, Span } from '../diagnostics/source.ts'
import type { PropertyValue, WrittenObject } from './object-definition.ts'
import { quote, wholeOf } from './object-definition.ts'
import { OPTION_KINDS } from './option-diagnostics.ts'

type Option = {
  readonly key: string
  readonly value: string
  readonly keyPlace: Span
  readonly place: Span
}

/** A value, or what keys with dots name inside it. */
type Branch = Map<string, Branch | Option>

/** Keys that lead deeper than this mean nothing, and would cost. */
const MAX_DEPTH = 8

/** Reads a text of options; its first word is the value of `firstKey`. */
export function parseKeyValues(source: Source, firstKey: string): WrittenObject {
  const root: Branch = new Map()
  const places = new Map<string, Span>([['', wholeOf(source)]])
  const namePlaces = new Map<string, Span>()
  for (const option of splitOptions(source, firstKey)) {
    insert(root, option)
    places.set(option.key, option.place)
    namePlaces.set(option.key, option.keyPlace)
  }
  return { properties: recordOf(root, '', source), places, namePlaces }
}

function splitOptions(source: Source, firstKey: string): readonly Option[] {
  const options: Option[] = []
  const pattern = /(?:[^,]|,,)*/y
  for (let at = 0; at < source.text.length; ) {
    pattern.lastIndex = at
    const text = pattern.exec(source.text)?.[0] ?? ''
    options.push(readOption(source, at, text, at === 0 ? firstKey : undefined))
    at += text.length + 1
  }
  return options
}

function readOption(source: Source, start: number, text: string, firstKey?: string): Option {
  const equals = text.indexOf('=')
  const end = start + text.length
  const isFirst = firstKey !== undefined && (equals < 0 || text.slice(0, equals).includes(','))
  const keyEnd = equals < 0 ? text.length : equals
  const key = isFirst ? firstKey : text.slice(0, keyEnd)
  const keyPlace = { source, start, end: isFirst ? end : start + keyEnd }
  if (isFirst) return { key, value: undouble(text), keyPlace, place: keyPlace }
  checkKey(key, keyPlace)
  const place = equals < 0 ? keyPlace : { source, start: start + equals + 1, end }
  return { key, value: equals < 0 ? 'on' : undouble(text.slice(equals + 1)), keyPlace, place }
}

function undouble(text: string): string {
  return text.replaceAll(',,', ',')
}

function checkKey(key: string, place: Span): void {
  if (key === '') {
    const hint = 'a comma inside a value is doubled: priority=@QEMU,,SYSTEM'
    fail(OPTION_KINDS.malformed, { reason: 'the name of a property is missing', hint }, place)
  }
  const isName = /^[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$/.test(key)
  if (isName && key.split('.').length <= MAX_DEPTH) return
  const hint = 'a comma inside a value is doubled: priority=@QEMU,,SYSTEM'
  fail(
    OPTION_KINDS.malformed,
    { reason: `${quote(key, place)} is no name of a property`, hint },
    place,
  )
}

function insert(root: Branch, option: Option): void {
  const names = option.key.split('.')
  const last = names.pop() ?? ''
  let branch = root
  for (const name of names) {
    const inner: Branch | Option = branch.get(name) ?? new Map()
    if (!(inner instanceof Map)) refuseDouble(option)
    branch.set(name, inner)
    branch = inner
  }
  if (branch.has(last)) refuseDouble(option)
  branch.set(last, option)
}

function refuseDouble({ key, keyPlace }: Option): never {
  throw new DiagnosticError([
    diagnose(OPTION_KINDS.duplicateProperty, { name: quote(key, keyPlace) }, keyPlace),
  ])
}

function recordOf(branch: Branch, path: string, source: Source): Record<string, PropertyValue> {
  // A name such as `__proto__` is one like any other.
  const record: Record<string, PropertyValue> = Object.create(null)
  for (const [name, inner] of branch) {
    record[name] =
      inner instanceof Map ? listOrRecord(inner, `${path}${name}.`, source) : inner.value
  }
  return record
}

/** Where all names are numbers it is a list, which must have no gaps. */
function listOrRecord(branch: Branch, path: string, source: Source): PropertyValue {
  const names = [...branch.keys()]
  if (!names.some((name) => /^\d+$/.test(name))) return recordOf(branch, path, source)
  return names.map((_, index) => {
    const inner = branch.get(String(index))
    if (!inner) {
      const reason = `the list ${quote(path.slice(0, -1), wholeOf(source))} has no number ${index}`
      fail(OPTION_KINDS.malformed, { reason, hint: 'count from 0, without gaps' }, wholeOf(source))
    }
    return inner instanceof Map ? listOrRecord(inner, `${path}${index}.`, source) : inner.value
  })
}
