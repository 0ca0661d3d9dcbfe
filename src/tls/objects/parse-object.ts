/** Reads objects as users write them: the argument of `--object`, and lists in YAML or JSON. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import { parseKeyValues } from '../../options/key-value-syntax.ts'
import { defineObject, type ObjectDefinition, wholeOf } from '../../options/object-definition.ts'
import { parseMapping, parseObjectList } from '../../options/object-document.ts'
import { OPTION_KINDS } from '../../options/option-diagnostics.ts'

/** A longer argument is a mistake. */
const MAX_LENGTH = 65_536

/**
 * Reads the argument of `--object`: `TYPE,id=ID,PROPERTY=VALUE...`, or JSON.
 *
 * @param name What messages call the text.
 * @throws DiagnosticError OBJECT_... where it is no definition. Whether the type and its
 *   properties exist is seen when the object is made.
 */
export function parseObject(text: string, name = '--object'): ObjectDefinition {
  const source = markSecret({ name, text })
  if (text.length > MAX_LENGTH) {
    const reason = `the definition is longer than ${MAX_LENGTH} characters`
    fail(OPTION_KINDS.malformed, { reason }, { source, start: 0, end: 1 })
  }
  if (text.trim() === '')
    fail(OPTION_KINDS.malformed, { reason: 'nothing is defined' }, wholeOf(source))
  const isJson = text.trimStart().startsWith('{')
  return defineObject(isJson ? parseMapping(source) : parseKeyValues(source, 'qom-type'))
}

/**
 * Reads a YAML or JSON text with a list of objects, each with `qom-type` and `id`; the list may
 * stand below the key `objects`.
 *
 * @throws DiagnosticError OBJECT_... with file, line and column.
 */
export function parseObjects(source: Source): readonly ObjectDefinition[] {
  return parseObjectList(markSecret(source)).map(defineObject)
}

/**
 * Marks a text that may hold a secret. What it says cannot be told before it is parsed, so one word that
 * is not known to be harmless is enough: a mistyped `secret` or `data` is such a word too.
 */
function markSecret(source: Source): Source {
  return SUSPICIOUS.test(source.text) || !hasPublicNamesOnly(source.text)
    ? { ...source, isSecret: true }
    : source
}

/** Words by which users call secrets, escapes that could spell them, and comments, which may say anything. */
const SUSPICIOUS = /secret|pass|pwd|token|\bdata\b|\\[ux]|#/i

/** Properties whose values are no secrets. */
const PUBLIC_NAMES: ReadonlySet<string> = new Set([
  ...['objects', 'qom-type', 'id', 'endpoint', 'dir', 'verify-peer', 'priority', 'sanity-check'],
  ...['x-file', 'identity', 'policy', 'rules', 'match', 'format', 'filename', 'refresh', 'service'],
])

/** Types that have no secrets among their properties, in place of a name on the command line. */
const PUBLIC_TYPES: ReadonlySet<string> = new Set([
  ...['tls-creds-x509', 'tls-creds-psk', 'tls-creds-anon'],
  ...['authz-simple', 'authz-list', 'authz-list-file', 'authz-libvirt', 'authz-pam'],
])

/** What is given as a type, in any syntax. */
const TYPE = /qom-type["']?\s*[:=]\s*["']?([^,"'\s}\]]*)/g

function hasPublicNamesOnly(text: string): boolean {
  const words = text
    .split(/[,{}[\]\n]/)
    .map((part) => /^[\s"'-]*([^=:"'\s]*)/.exec(part)?.[1] ?? '')
  const types = [...text.matchAll(TYPE)].map(([, type = '']) => type)
  return (
    types.every((type) => PUBLIC_TYPES.has(type)) &&
    words.every((word) => word.split('.').every(isPublicName))
  )
}

function isPublicName(name: string): boolean {
  // A number is the place in a list, up to where lists end.
  return /^\d{0,3}$/.test(name) || PUBLIC_NAMES.has(name) || PUBLIC_TYPES.has(name)
}
