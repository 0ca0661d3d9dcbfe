/** Reads a map: the relays of many guests, in YAML or JSON. */
import { DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import { parseMode } from '../../net/socket-file.ts'
import { defineObject, type ObjectDefinition } from '../../options/object-definition.ts'
import { parseObjectList } from '../../options/object-document.ts'
import { PropertyReader } from '../../options/property-reader.ts'
import { readUriProperty } from '../address/uri-property.ts'
import type { RelayDefinition } from './relay-definition.ts'
import { RELAY_KINDS } from './relay-diagnostics.ts'

const PROPERTIES = [
  ...['listen', 'to', 'tls-creds', 'tls-authz', 'tls-hostname'],
  ...['nbd', 'socket-mode', 'socket-owner'],
]

/**
 * @throws DiagnosticError OBJECT_..., MIGRATION_URI_INVALID, RELAY_MAP_..., with file, line and column.
 */
export function parseRelayMap(source: Source): readonly RelayDefinition[] {
  const entries = parseObjectList(source, 'relays').map(({ properties, places }) =>
    defineObject({ properties: { ...properties, 'qom-type': 'relay' }, places }),
  )
  if (entries.length === 0) fail(RELAY_KINDS.emptyMap, { file: source.name })
  const seen = new Set<string>()
  return entries.map((entry) => {
    refuseRepeated(entry, 'id', entry.id, seen)
    const relay = readRelay(PropertyReader.of(entry, PROPERTIES), entry.id)
    refuseRepeated(entry, 'listen', String(entry.properties.listen), seen)
    return relay
  })
}

/** @throws DiagnosticError OBJECT_..., MIGRATION_URI_INVALID, with file, line and column. */
export function readRelay(
  reader: PropertyReader,
  id: string,
  listen = readUriProperty(reader, 'listen'),
): RelayDefinition {
  const mode = reader.text('socket-mode')
  return {
    id,
    listen,
    to: readUriProperty(reader, 'to'),
    credentials: reader.text('tls-creds'),
    authorization: reader.text('tls-authz'),
    hostname: reader.text('tls-hostname'),
    isNbd: reader.flag('nbd', false),
    socket: {
      mode:
        mode === undefined
          ? undefined
          : (parseMode(mode) ?? reader.refuse('socket-mode', 'permissions in octal, as "0660"')),
      owner: reader.text('socket-owner'),
    },
  }
}

function refuseRepeated(
  { places }: ObjectDefinition,
  name: 'id' | 'listen',
  value: string,
  seen: Set<string>,
): void {
  const key = `${name} ${value}`
  const span = places?.get(name)
  if (seen.has(key))
    throw new DiagnosticError([diagnose(RELAY_KINDS.repeated, { listen: value }, span)])
  seen.add(key)
}
