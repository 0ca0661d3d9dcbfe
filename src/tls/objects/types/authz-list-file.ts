/** `authz-list-file`: the rules of an `authz-list` in a file of JSON, or of YAML. */
import { isAbsolute } from 'node:path'
import { fail } from '../../../diagnostics/diagnostic.ts'
import { readTextFile } from '../../../files/text-file.ts'
import { parseMapping } from '../../../options/object-document.ts'
import { PropertyReader } from '../../../options/property-reader.ts'
import { OBJECT_KINDS } from '../../object-diagnostics.ts'
import { LIST_PROPERTIES, readRuleList } from './authz-list.ts'
import { digestOf } from './digest.ts'
import type { ObjectType } from './object-type.ts'

export const AUTHZ_LIST_FILE: ObjectType = {
  name: 'authz-list-file',
  // QEMU's schema spells it so and its type the other way, so that neither can be made there.
  aliases: ['authz-listfile'],
  kind: 'authorization',
  properties: ['filename', 'refresh'],
  isWatched: (reader) => reader.flag('refresh', true),
  load: (reader, { id }) => {
    const path = readFilename(reader)
    const source = readTextFile(path)
    const document = { type: path, id, ...parseMapping(source) }
    const file = PropertyReader.of(document, LIST_PROPERTIES)
    const list = readRuleList(file, reader.what)
    return { kind: 'authorization', list, digest: digestOf(source.text), paths: [path] }
  },
}

/** A change is looked for in the file's folder, which a relative name leaves open. */
function readFilename(reader: PropertyReader): string {
  const path = reader.requiredText('filename')
  if (isAbsolute(path) || !reader.flag('refresh', true)) return path
  const reason = 'with refresh=on the filename has to be absolute'
  const hint = 'write the whole path, or set refresh=off'
  return fail(
    OBJECT_KINDS.conflictingProperties,
    { what: reader.what, reason, hint },
    reader.spanOf('filename'),
  )
}
