/**
 * Arguments of a command as a user writes them: one JSON object, or `key=value` words. A key with dots is a member of
 * an object within (`addr.type=inet`); a value is of the type that the monitor says.
 */
import { fail } from '../../diagnostics/diagnostic.ts'
import { JsonStream } from '../protocol/json-stream.ts'
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  objectOfEntries,
} from '../protocol/json-value.ts'
import { QMP_CLIENT_KINDS } from './client-diagnostics.ts'
import type { MemberType, SchemaIndex } from './schema-index.ts'

type Tree = Map<string, string | Tree>

/**
 * @param schema Undefined where the monitor has none: then a value that is JSON is what it says, and others are texts.
 * @throws DiagnosticError QMP_BAD_ARGUMENT
 */
export function readArguments(
  command: string,
  words: readonly string[],
  schema: SchemaIndex | undefined,
): JsonObject {
  const [first = ''] = words
  if (words.length === 1 && first.trimStart().startsWith('{')) {
    return readJsonObject(first, `the argument of ${command}`)
  }
  const tree = growTree(command, words)
  return readTree(tree, schema?.argumentsOf(command), schema)
}

/**
 * The one value of a text.
 *
 * @param what Names it in messages, which show no part of it: it may hold a secret.
 * @throws DiagnosticError QMP_BAD_ARGUMENT
 */
export function readJsonObject(text: string, what: string): JsonObject {
  const value = readJson(text)
  return isJsonObject(value) ? value : refuse(what, 'it is no JSON object')
}

/** Undefined where the text is no JSON value. */
function readJson(text: string): JsonValue | undefined {
  const values: JsonValue[] = []
  let isWrong = false
  const stream = new JsonStream({
    onValue: (value) => values.push(value),
    onError: () => {
      isWrong = true
    },
  })
  stream.push(Buffer.from(text))
  stream.end()
  return isWrong || values.length !== 1 ? undefined : values[0]
}

/** A refused word is told by its number: it may be a secret, or the part of one behind a space. */
function growTree(command: string, words: readonly string[]): Tree {
  const tree: Tree = new Map()
  for (const [index, word] of words.entries()) {
    const what = `argument ${index + 1} of ${command}`
    const equals = word.indexOf('=')
    if (equals <= 0) refuse(what, 'it is no key=value')
    const keys = word.slice(0, equals).split('.')
    const last = keys.pop() ?? ''
    let branch = tree
    for (const key of keys) branch = branchOf(branch, key, what)
    if (last === '' || branch.has(last)) refuse(what, 'the key is given twice, or is empty')
    branch.set(last, word.slice(equals + 1))
  }
  return tree
}

function branchOf(tree: Tree, key: string, what: string): Tree {
  const there = tree.get(key)
  if (typeof there === 'string' || key === '') return refuse(what, 'the key has a value already')
  const branch: Tree = there ?? new Map()
  tree.set(key, branch)
  return branch
}

/** Members that may choose a variant are read before those of the variants. */
function readTree(
  tree: Tree,
  type: string | undefined,
  schema: SchemaIndex | undefined,
): JsonObject {
  const texts = objectOfEntries(
    [...tree].filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  return objectOfEntries(
    [...tree].map(([key, value]) => {
      const member = type === undefined ? undefined : schema?.typeOf(type, key, texts)
      if (typeof value === 'string') return [key, readValue(key, value, member)]
      const inner = objectTypeOf(member)
      return [key, readBranch(value, member, inner, schema)]
    }),
  )
}

/** `rules.0.match=...` makes a list. */
function readBranch(
  tree: Tree,
  member: MemberType | undefined,
  inner: string | undefined,
  schema: SchemaIndex | undefined,
): JsonValue {
  if (member?.kind !== 'list') return readTree(tree, inner, schema)
  const item = schema?.itemType(member.item)
  return [...tree.values()].map((value) =>
    typeof value === 'string'
      ? readValue('', value, item)
      : readTree(value, objectTypeOf(item), schema),
  )
}

function objectTypeOf(member: MemberType | undefined): string | undefined {
  if (member?.kind === 'object') return member.type
  if (member?.kind !== 'choice') return undefined
  return member.types.map(objectTypeOf).find((type) => type !== undefined)
}

const FLAGS: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  off: false,
  false: false,
  no: false,
}

function readValue(key: string, text: string, type: MemberType | undefined): JsonValue {
  switch (type?.kind) {
    case 'text':
      return text
    case 'boolean': {
      const flag = Object.hasOwn(FLAGS, text) ? FLAGS[text] : undefined
      return flag ?? refuse(key, 'it takes on or off')
    }
    case 'integer':
      return /^-?[0-9]{1,20}$/.test(text) ? BigInt(text) : refuse(key, 'it takes an integer')
    case 'choice':
      return readChoice(key, text, type.types)
    default:
      return readJson(text) ?? text
  }
}

/** A text wherever one is taken, but for what is plainly a value of another type. */
function readChoice(key: string, text: string, types: readonly MemberType[]): JsonValue {
  const isNull = text === 'null' && types.some(({ kind }) => kind === 'null')
  if (isNull) return null
  const takesText = types.some(({ kind }) => kind === 'text')
  const isObject = text.startsWith('{') && types.some(({ kind }) => kind === 'object')
  if (takesText && !isObject) return text
  return readValue(key, text, { kind: 'any' })
}

/** @param word A name, never what a user wrote as a value. */
function refuse(word: string, reason: string): never {
  return fail(QMP_CLIENT_KINDS.badArgument, { word, reason })
}
