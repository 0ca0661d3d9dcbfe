/** Character devices, in the words of the human monitor. */
import { parseKeyValues } from '../../options/key-value-syntax.ts'
import type { PropertyValue } from '../../options/object-definition.ts'
import type { JsonObject, JsonValue } from '../protocol/json-value.ts'
import { type HumanCommand, request } from './human-command.ts'

export const CHARDEV_COMMANDS: readonly HumanCommand[] = [
  {
    name: 'chardev-add',
    parameters: [{ name: 'chardev', isRest: true }],
    summary:
      'make a character device: chardev-add socket,id=s0,path=/run/s0.sock,server=on,wait=off',
    toRequest: ({ text }) => request('chardev-add', readChardev(text('chardev'))),
  },
  {
    name: 'chardev-remove',
    parameters: [{ name: 'id' }],
    summary: 'remove a character device',
    toRequest: ({ text }) => request('chardev-remove', { id: text('id') }),
  },
]

/** Of the address of a socket, not of the socket. */
const ADDRESS = ['host', 'port', 'path', 'to', 'ipv4', 'ipv6', 'abstract', 'tight']

function readChardev(text: string): JsonObject {
  const { properties } = parseKeyValues({ name: 'chardev-add', text }, 'backend')
  const { backend, id, ...written } = properties
  const options = Object.fromEntries(
    Object.entries(written).map(([name, value]) => [name, toValue(name, value)]),
  )
  const data = backend === 'socket' ? readSocket(options) : readPlain(String(backend), options)
  const named = id === undefined ? {} : { id: id as JsonValue }
  return { ...named, backend: { type: String(backend), data } }
}

type Options = Readonly<Record<string, JsonValue>>

function readSocket(options: Options): JsonObject {
  const entries = Object.entries(options)
  const address = Object.fromEntries(entries.filter(([name]) => ADDRESS.includes(name)))
  const own = Object.fromEntries(entries.filter(([name]) => !ADDRESS.includes(name)))
  const type = 'path' in address ? 'unix' : 'inet'
  // As on a command line: it connects where nothing else is said.
  return { addr: { type, data: address }, server: false, ...own }
}

/** QMP has other names for the path. */
const PATHS: Readonly<Record<string, string>> = { file: 'out', pipe: 'device' }

function readPlain(backend: string, { path, ...options }: Options): JsonObject {
  const name = PATHS[backend] ?? 'path'
  return path === undefined ? options : { [name]: path, ...options }
}

const FLAGS: Readonly<Record<string, boolean>> = { on: true, off: false }

const NUMBERS = ['size', 'reconnect', 'to']

/** Every scalar is a text here. */
function toValue(name: string, value: PropertyValue): JsonValue {
  if (typeof value !== 'string') return value as JsonValue
  if (NUMBERS.includes(name) && /^\d{1,18}$/.test(value)) return BigInt(value)
  return Object.hasOwn(FLAGS, value) ? (FLAGS[value] ?? value) : value
}
