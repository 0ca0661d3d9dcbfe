/** Objects in YAML, and in JSON, which is YAML too: values with their places. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseDocument,
  type YAMLMap,
  type YAMLParseError,
} from 'yaml'
import { DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { Source, Span } from '../diagnostics/source.ts'
import { refuseExcess } from './document-bounds.ts'
import type { PropertyValue, WrittenObject } from './object-definition.ts'
import { quote, wholeOf } from './object-definition.ts'
import { OPTION_KINDS } from './option-diagnostics.ts'

const MAX_DEPTH = 8

/** Keys that a list may stand below, with an example of each. */
const EXAMPLES = {
  objects: 'objects: - qom-type: tls-creds-x509 id: tls0 dir: /etc/pki/qemu',
  relays: 'relays: - id: web1 listen: unix:/run/web1.sock to: tcp:host:49152 tls-creds: tls0',
} as const

/**
 * Reads a document that is one mapping.
 *
 * @throws DiagnosticError OBJECT_MALFORMED with the place.
 */
export function parseMapping(source: Source): WrittenObject {
  const { contents } = parse(source)
  return readMapping(source, contents)
}

/**
 * Reads a document with a list of objects, or of others, which may stand below a key.
 *
 * @throws DiagnosticError OBJECT_MALFORMED with the place.
 */
export function parseObjectList(
  source: Source,
  key: keyof typeof EXAMPLES = 'objects',
): readonly WrittenObject[] {
  const { contents } = parse(source)
  const list = isMap(contents) ? soleEntry(source, contents, key) : contents
  if (!isSeq(list)) {
    fail(
      OPTION_KINDS.malformed,
      { reason: `this is no list of ${key}`, hint: `write ${EXAMPLES[key]}` },
      placeOf(source, list),
    )
  }
  return list.items.map((item) => readMapping(source, item as Node))
}

function parse(source: Source): Document.Parsed<ParsedNode> {
  refuseExcess(source)
  // The check for keys that repeat takes the square of their number; readValue makes its own.
  const options = { prettyErrors: false, stringKeys: true, uniqueKeys: false } as const
  const document = parseDocument(source.text, options)
  const [error] = document.errors
  if (!error) return document
  const [start, end] = error.pos
  const reason = `this is not valid YAML: ${reasonOf(error, source)}`
  const hint = error.code === 'MULTIPLE_DOCS' ? 'a file has one' : SYNTAX_HINT
  throw new DiagnosticError([
    diagnose(OPTION_KINDS.malformed, { reason, hint }, { source, start, end }),
  ])
}

const SYNTAX_HINT =
  'what belongs together begins in the same column, after spaces; a text with `: ` or ` #` in it stands in quotes'

function reasonOf({ code, message }: YAMLParseError, source: Source): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here'
  // Its words may be those of the text.
  return source.isSecret ? code : message
}

function soleEntry(source: Source, map: YAMLMap, name: string): Node | null {
  for (const { key } of map.items) {
    if (String(key) === name) continue
    const place = placeOf(source, key as Node)
    const reason = `${quote(String(key), place)} is not known here`
    fail(OPTION_KINDS.malformed, { reason, hint: `the list stands below \`${name}\`` }, place)
  }
  return (map.get(name, true) as Node | undefined) ?? null
}

function readMapping(source: Source, node: Node | null): WrittenObject {
  const places = new Map<string, Span>()
  const namePlaces = new Map<string, Span>()
  if (!isMap(node)) {
    const reason = node === null ? 'this is empty' : 'this has no properties, NAME: VALUE'
    malformed(reason, placeOf(source, node))
  }
  const properties = readValue(source, node, '', { places, namePlaces }) as Record<
    string,
    PropertyValue
  >
  return { properties, places, namePlaces }
}

/** Where values and names are written, by path. */
type WrittenPlaces = {
  readonly places: Map<string, Span>
  readonly namePlaces: Map<string, Span>
}

function readValue(
  source: Source,
  node: Node | null,
  path: string,
  written: WrittenPlaces,
): PropertyValue {
  const place = placeOf(source, node)
  written.places.set(path, place)
  if (path.split('.').length > MAX_DEPTH) malformed('this is nested too deeply', place)
  // What an alias stands for could be made to grow without bounds.
  if (isAlias(node)) malformed('aliases are not allowed here', place)
  const below = (name: string | number) => (path === '' ? `${name}` : `${path}.${name}`)
  if (isSeq(node)) {
    return node.items.map((item, index) => readValue(source, item as Node, below(index), written))
  }
  if (!isMap(node)) return readScalar(node, place)
  const record: Record<string, PropertyValue> = Object.create(null)
  for (const { key, value } of node.items) {
    const name = String(key)
    const namePlace = placeOf(source, key as Node)
    if (Object.hasOwn(record, name)) refuseRepeated(name, namePlace)
    written.namePlaces.set(below(name), namePlace)
    record[name] = readValue(source, value as Node | null, below(name), written)
  }
  return record
}

/** Numbers stay as they are written: every property that has one is a text. */
function readScalar(node: Node | null, place: Span): PropertyValue {
  const value = isScalar(node) ? node.value : null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (value === null || !isScalar(node)) {
    return malformed('a value is missing', place, 'write one, or take the name out')
  }
  return node.source ?? String(value)
}

function refuseRepeated(name: string, place: Span): never {
  malformed(`the property ${quote(name, place)} is given twice`, place)
}

function malformed(reason: string, place: Span, hint = ''): never {
  fail(OPTION_KINDS.malformed, { reason, hint }, place)
}

function placeOf(source: Source, node: Node | null): Span {
  const [start, end] = node?.range ?? []
  if (start === undefined || end === undefined) return wholeOf(source)
  return { source, start, end }
}
