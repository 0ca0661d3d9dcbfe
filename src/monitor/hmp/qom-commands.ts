/** Properties of objects, in the words of the human monitor. */
import type { HostObjects } from '../host/host-objects.ts'
import { propertiesOf } from '../host/object-properties.ts'
import { JsonStream } from '../protocol/json-stream.ts'
import { isJsonList, isJsonObject, type JsonValue, memberOf } from '../protocol/json-value.ts'
import { printJsonValue } from '../protocol/print-json.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { type HumanCommand, request } from './human-command.ts'
import { readFlag } from './human-flag.ts'

export const QOM_COMMANDS: readonly HumanCommand[] = [
  {
    name: 'qom-list',
    parameters: [{ name: 'path', isOptional: true }],
    summary:
      'the properties of an object: qom-list /objects/tls0; qom-list /objects tells the objects',
    toRequest: ({ optional }) => request('qom-list', { path: optional('path') ?? '/' }),
    // QEMU tells where to begin, and no more.
    print: (result, { optional }) =>
      optional('path') === undefined ? '/\r\n' : printProperties(result),
  },
  {
    name: 'qom-get',
    parameters: [{ name: 'path' }, { name: 'property' }],
    summary: 'a property of an object: qom-get /objects/tls0 endpoint',
    toRequest: ({ text }) => request('qom-get', { path: text('path'), property: text('property') }),
    print: (result) => `${printJsonValue(result)}\r\n`,
  },
  {
    name: 'qom-set',
    flags: ['j'],
    parameters: [{ name: 'path' }, { name: 'property' }, { name: 'value', isRest: true }],
    summary:
      'change a property of an object: qom-set /objects/tls0 endpoint client; -j: the value is JSON',
    toRequest: ({ text, has }, { objects }) => {
      const [path, property, written] = [text('path'), text('property'), text('value')]
      const value = has('j') ? readJson(written) : readText(objects, { path, property, written })
      return request('qom-set', { path, property, value })
    },
  },
]

function printProperties(result: JsonValue): string {
  return (isJsonList(result) ? result : [])
    .flatMap((one) =>
      isJsonObject(one) ? `${memberOf(one, 'name')} (${memberOf(one, 'type')})\r\n` : [],
    )
    .join('')
}

type WrittenProperty = {
  readonly path: string
  readonly property: string
  readonly written: string
}

/** A flag where the object has a flag, else the text. @throws QmpError */
function readText(objects: HostObjects, { path, property, written }: WrittenProperty): JsonValue {
  const object = objects.find(path.replace(/^\/objects\//, ''))
  const type = object && propertiesOf(object.type).get(property)?.type
  if (type?.kind !== 'plain' || type.name !== 'bool') return written
  return readFlag(written) ?? refuseCommand(`Parameter '${property}' expects 'on' or 'off'`)
}

/** @throws QmpError */
function readJson(text: string): JsonValue {
  const values: JsonValue[] = []
  const stream = new JsonStream({
    onValue: (value) => values.push(value),
    onError: ({ message }) => refuseCommand(message),
  })
  stream.push(Buffer.from(text))
  stream.end()
  const [value, ...others] = values
  if (others.length > 0) refuseCommand('Expecting at most one JSON value')
  return value ?? refuseCommand('Expecting a JSON value')
}
