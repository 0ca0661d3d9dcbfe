/** Where a migration goes to or comes from: a URI, or a list with the main channel. */
import { type MigrationUri, parseMigrationUri } from '../../migration/address/migration-uri.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import {
  enumOf,
  listOf,
  optional,
  SIZE,
  STR,
  struct,
  union,
  type ValueOf,
} from '../schema/qapi-types.ts'
import { readByteCount } from './byte-count.ts'
import { SOCKET_ADDRESS } from './socket-address.ts'

const ADDRESS = union(
  'MigrationAddress',
  { transport: enumOf('MigrationAddressType', ['socket', 'exec', 'file']) },
  'transport',
  {
    socket: SOCKET_ADDRESS,
    exec: struct('MigrationExecCommand', { args: listOf(STR) }),
    file: struct('FileMigrationArgs', { filename: STR, offset: SIZE }),
  },
)

const CHANNEL = struct('MigrationChannel', {
  'channel-type': enumOf('MigrationChannelType', ['main']),
  addr: ADDRESS,
})

export const PLACE_MEMBERS = { uri: optional(STR), channels: optional(listOf(CHANNEL)) } as const

type Place = {
  readonly uri?: string
  readonly channels?: readonly ValueOf<typeof CHANNEL>[]
}

/** @throws QmpError, DiagnosticError MIGRATION_URI_INVALID */
export function readPlace({ uri, channels }: Place): MigrationUri {
  if (uri !== undefined && channels === undefined) return readUri(uri)
  if (uri !== undefined) return refuseCommand("need either 'uri' or 'channels' argument")
  const [main, ...others] = channels ?? []
  if (!main) return refuseCommand("Parameter 'uri' is missing")
  if (others.length > 0) return refuseCommand('Channel list has more than one entries')
  return readChannel(main.addr)
}

export const UNKNOWN_PROTOCOL = "Parameter 'uri' expects a valid migration protocol"

const PROTOCOL = /^(tcp|unix|exec|fd|file|vsock):/

function readUri(uri: string): MigrationUri {
  if (!PROTOCOL.test(uri)) {
    return refuseCommand(UNKNOWN_PROTOCOL)
  }
  const [, name] = /^fd:(?![0-9]+$)(.*)$/s.exec(uri) ?? []
  if (name !== undefined) {
    return refuseCommand(`File descriptor named '${name}' has not been found`)
  }
  return parseMigrationUri(uri)
}

function readChannel(address: ValueOf<typeof ADDRESS>): MigrationUri {
  switch (address.transport) {
    case 'file':
      return {
        kind: 'file',
        path: address.filename,
        offset: readByteCount(address.offset, 'offset'),
      }
    case 'exec':
      return { kind: 'exec', command: address.args.map(quoteWord).join(' ') }
    case 'socket':
      return readSocket(address)
  }
}

type Socket = Extract<ValueOf<typeof ADDRESS>, { readonly transport: 'socket' }>

/** As a URI, so that both are read, and refused, in one way. */
function readSocket(address: Socket): MigrationUri {
  switch (address.type) {
    case 'inet': {
      const { host, port, to, ipv4, ipv6 } = address
      const options = [
        ...(to === undefined ? [] : [`to=${to}`]),
        ...(ipv4 === undefined ? [] : [`ipv4=${ipv4 ? 'on' : 'off'}`]),
        ...(ipv6 === undefined ? [] : [`ipv6=${ipv6 ? 'on' : 'off'}`]),
      ]
      const place = host.includes(':') ? `[${host}]` : host
      return parseMigrationUri([`tcp:${place}:${port}`, ...options].join(','))
    }
    case 'unix':
      if (address.abstract) refuseCommand('abstract sockets are not supported for migrations')
      return { kind: 'unix', path: address.path }
    case 'vsock':
      return parseMigrationUri(`vsock:${address.cid}:${address.port}`)
    case 'fd':
      return readUri(`fd:${address.str}`)
  }
}

/** A word of the shell that means nothing but itself. */
function quoteWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
