/** Objects, in the words of the human monitor. */

import { parseKeyValues } from '../../options/key-value-syntax.ts'
import { defineObject, type PropertyValue } from '../../options/object-definition.ts'
import { OBJECT_PROPERTIES } from '../host/object-properties.ts'
import {
  isJsonList,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  memberOf,
} from '../protocol/json-value.ts'
import { type HumanCommand, request } from './human-command.ts'
import { readFlag } from './human-flag.ts'

export const OBJECT_COMMANDS: readonly HumanCommand[] = [
  {
    name: 'object_add',
    parameters: [{ name: 'object', isRest: true }],
    summary: 'make an object: object_add tls-creds-x509,id=tls0,dir=/etc/pki/qemu,endpoint=server',
    toRequest: ({ text }) => request('object-add', readObject(text('object'))),
  },
  {
    name: 'object_del',
    parameters: [{ name: 'id' }],
    summary: 'remove an object',
    toRequest: ({ text }) => request('object-del', { id: text('id') }),
  },
]

/** Certificates that were renewed, now. QEMU has no such command. */
export const RELOAD_COMMAND: HumanCommand = {
  name: 'x-objects-reload',
  parameters: [],
  summary: 'load the files of all objects anew, as renewed certificates',
  toRequest: () => request('x-objects-reload'),
  print: (result) => {
    const listOf = (name: string) => {
      const list = isJsonObject(result) ? memberOf(result, name) : undefined
      return isJsonList(list) ? list : []
    }
    const objects = listOf('objects').filter(isJsonObject).map(describeReload)
    return [...listOf('messages'), ...objects].map((line) => `${line}\r\n`).join('')
  },
}

/** `tls0: refused: REASON` */
function describeReload(object: JsonObject): string {
  const messages = memberOf(object, 'messages')
  const told = [memberOf(object, 'outcome'), ...(isJsonList(messages) ? messages : [])]
  return [memberOf(object, 'id'), ...told].join(': ')
}

/** What may be a secret is shown in no message. */
function readObject(text: string): JsonObject {
  const source = { name: 'object_add', text, isSecret: true }
  const written = parseKeyValues(source, 'qom-type')
  const { 'qom-type': type, id, ...properties } = written.properties
  if (typeof type !== 'string') return toJsonObject(defineObject(written).properties)
  const named = typeof id === 'string' ? { id } : {}
  return { 'qom-type': type, ...named, ...readProperties(type, properties) }
}

/** Every scalar is a text here; objects want flags where they have flags. */
function readProperties(
  type: string,
  properties: Readonly<Record<string, PropertyValue>>,
): JsonObject {
  const known = Object.hasOwn(OBJECT_PROPERTIES, type) ? OBJECT_PROPERTIES[type] : undefined
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => {
      const own = known && Object.hasOwn(known, name) ? known[name] : undefined
      const isFlag = own?.type.kind === 'plain' && own.type.name === 'bool'
      const flag = typeof value === 'string' ? readFlag(value) : undefined
      return [name, isFlag && flag !== undefined ? flag : (value as JsonValue)]
    }),
  )
}

function toJsonObject(properties: Readonly<Record<string, PropertyValue>>): JsonObject {
  return properties as JsonObject
}
