/** `chardevs`: character devices, and which of them are joined. */
import type { ChardevDefinition } from '../../chardev/definition/chardev-definition.ts'
import { defineChardev } from '../../chardev/definition/parse-chardev.ts'
import type { ChardevRegistry } from '../../chardev/registry/chardev-registry.ts'
import type { Join } from '../../chardev/registry/lasting-join.ts'
import { clearWarnings } from '../../chardev/socket/clear-warnings.ts'
import { listenOptionsOfChardev } from '../../chardev/socket/socket-address.ts'
import { findSocketSecurity } from '../../chardev/socket/socket-security.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import type { PropertyReader } from '../../options/property-reader.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import {
  type FileHost,
  type FileProperty,
  type FileSection,
  TLS_AUTHZ,
  TLS_CREDS,
} from './section.ts'
import { type TakenPlace, takenSocket } from './taken-place.ts'

const text = (summary: string): FileProperty => ({ kind: 'text', summary })
const flag = (summary: string): FileProperty => ({ kind: 'flag', summary })
const number = (summary: string): FileProperty => ({ kind: 'count', summary })

const SOCKET_PROPERTIES = {
  host: text('of a socket: an address or a name; empty for all addresses'),
  port: text('of a socket'),
  to: text('of a socket that listens: the last port to try'),
  ipv4: flag('of a socket: whether IPv4 is used'),
  ipv6: flag('of a socket: whether IPv6 is used'),
  path: text('of a socket: that of a Unix socket; of a file or a pipe: its path'),
  abstract: flag('of a Unix socket: its path is a name without a file'),
  tight: flag('of an abstract socket: its name ends with its text'),
  fd: text('of a socket: the number of one that this process has'),
  server: flag('of a socket: whether it listens'),
  wait: flag('of a socket that listens: the other side is opened when a client is there'),
  reconnect: number('of a socket that connects: seconds until a new attempt'),
  'reconnect-ms': number('the same in milliseconds'),
  telnet: flag('of a socket: telnet is spoken'),
  tn3270: flag('of a socket: always refused'),
  websocket: flag('of a socket: WebSocket is spoken'),
  nodelay: flag('of a socket: small pieces are sent at once'),
  delay: flag('of a socket: small pieces are gathered'),
  'tls-creds': TLS_CREDS,
  'tls-authz': TLS_AUTHZ,
  'tls-hostname': text('the name that the certificate of a server has to bear'),
  writer: text('of mux: who may write: first, last, all or none'),
  'writer-authz': text('of mux: the id of an authorization; others only read'),
}

const PROPERTIES = {
  backend: { ...text('socket, pty, file, pipe, exec, null or ringbuf'), isRequired: true },
  join: text('the id of a chardev that stands before it: what one reads, the other writes'),
  ...SOCKET_PROPERTIES,
  append: flag('of a file: it is written to at its end'),
  command: text('of exec: a command of the shell'),
  size: { kind: 'size', summary: 'of ringbuf: in bytes, a power of two' },
  signal: flag('of stdio, which has no place in a file of endpoints'),
  mux: flag('several clients share it'),
  logfile: text('a file to which all that is read is written too'),
  logappend: flag('whether the log file is kept when it is opened'),
  logsize: { kind: 'size', summary: 'how large the log file may become' },
} as const satisfies Readonly<Record<string, FileProperty>>

export const CHARDEVS_SECTION: FileSection = {
  key: 'chardevs',
  what: 'chardev',
  summary: 'Character devices, in the words of QEMU; two of them are joined.',
  properties: PROPERTIES,
  needs: ({ properties: { join } }) => (typeof join === 'string' ? [`chardev ${join}`] : []),
  read: (reader, definition) => {
    const other = reader.text('join')
    const chardev = readChardev(reader, definition)
    const { id } = chardev
    const start = async ({ endpoints: { chardevs }, tellOutcome }: FileHost) => {
      const place = await chardevs.add(chardev)
      const warnings = clearWarnings(chardev, place ?? '')
      const join = await joinTo(chardevs, id, other)
      let isStopped = false
      const tellEnd = (error?: unknown) => {
        if (!isStopped) tellOutcome(reader.what, error)
      }
      join?.ended.then(() => tellEnd(), tellEnd)
      const stop = async () => {
        isStopped = true
        await join?.separate()
        // A client of the monitor may have removed it meanwhile.
        if (chardevs.has(id)) await chardevs.remove(id)
      }
      return { stop, warnings, ...(place === undefined ? {} : { place }) }
    }
    const tryObjects = (objects: TlsObjects) => {
      if (chardev.backend !== 'socket') return
      findSocketSecurity(objects, chardev, HANDSHAKE_SECONDS).release()
    }
    return { takes: takenBy(chardev), tryObjects, start }
  },
}

function readChardev(
  reader: PropertyReader,
  { id, properties, places }: ObjectDefinition,
): ChardevDefinition {
  const { join: _, ...own } = properties
  const chardev = defineChardev({ properties: { ...own, id }, places: places ?? new Map() })
  if (chardev.backend !== 'stdio') return chardev
  return reader.refuse('backend', 'a back-end that needs no terminal, such as pty or socket')
}

/** Where no handshake is begun. */
const HANDSHAKE_SECONDS = 10

/** The property that says where a socket listens. */
const PLACES = { inet: 'port', unix: 'path', fd: 'fd' } as const

/** Several may write to one file, so that sockets that listen are all. */
function takenBy(chardev: ChardevDefinition): readonly TakenPlace[] {
  if (chardev.backend !== 'socket' || !chardev.isServer) return []
  const { address } = chardev
  return [takenSocket(PLACES[address.kind], listenOptionsOfChardev(address))]
}

async function joinTo(
  chardevs: ChardevRegistry,
  id: string,
  other: string | undefined,
): Promise<Join | undefined> {
  try {
    return other === undefined ? undefined : chardevs.join(id, other)
  } catch (error) {
    await chardevs.remove(id)
    throw error
  }
}
