/** Reads objects as users write them: the argument of `--object`, and lists in YAML or JSON. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import { parseKeyValues } from '../../options/key-value-syntax.ts'
import { defineObject, type ObjectDefinition, wholeOf } from '../../options/object-definition.ts'
import { parseMapping, parseObjectList } from '../../options/object-document.ts'
import { OPTION_KINDS } from '../../options/option-diagnostics.ts'
import { mayHoldSecret } from './secret-words.ts'

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

function markSecret(source: Source): Source {
  return mayHoldSecret(source.text) ? { ...source, isSecret: true } : source
}
