/** A socket as QEMU's `-chardev socket,...` says it; the refusals and their order are those of QEMU. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { chosenFamily } from '../../net/address-family.ts'
import { type ChardevAddress, type SocketBackend, WRITER_RULES } from './chardev-definition.ts'
import type { ChardevOptions } from './chardev-options.ts'
import { DEFINITION_KINDS } from './definition-diagnostics.ts'

/** @throws DiagnosticError CHARDEV_... */
export function readSocket(options: ChardevOptions): SocketBackend {
  if (options.flag('tn3270')) {
    const hint = 'telnet=on speaks RFC 854, without the terminal types of IBM'
    fail(DEFINITION_KINDS.absentBackend, { name: 'tn3270=on', hint }, options.spanOf('tn3270'))
  }
  const address = readAddress(options)
  const isServer = options.flag('server') ?? false
  refuseOtherRole(options, isServer)
  const socket: SocketBackend = {
    backend: 'socket',
    address,
    isServer,
    isWaiting: options.flag('wait') ?? isServer,
    reconnect: readReconnect(options),
    isTelnet: options.flag('telnet') ?? false,
    isWebsocket: options.flag('websocket') ?? false,
    hasNoDelay: readNoDelay(options),
    ...readSecurity(options, address),
    writer: options.choice('writer', WRITER_RULES) ?? 'first',
    writerAuthorization: options.text('writer-authz'),
  }
  refuseMuxWords(options, socket)
  return socket
}

function incompatible(options: ChardevOptions, name: string, reason: string, hint?: string): never {
  const data = hint === undefined ? { reason } : { reason, hint }
  return fail(DEFINITION_KINDS.incompatible, data, options.spanOf(name))
}

function readAddress(options: ChardevOptions): ChardevAddress {
  const given = ['path', 'fd', 'host'].filter((name) => options.has(name))
  if (given.length !== 1) {
    const reason = "None or one of 'path', 'fd' or 'host' option required."
    const hint = 'name one place: host=HOST,port=PORT or path=PATH or fd=NUMBER'
    const [, second = ''] = given
    fail(DEFINITION_KINDS.missingOption, { reason, hint }, options.spanOf(second))
  }
  const [kind] = given
  if (kind === 'host') return readInet(options)
  options.refuseUseless(['port', 'to', 'ipv4', 'ipv6', 'nodelay', 'delay'], `${kind}=`)
  return kind === 'path' ? readUnix(options) : readDescriptor(options)
}

const PORT_LIMIT = 65_535

/** Longer names are cut by QEMU, so that they would mean another host. */
const HOST_LENGTH = 255

function readInet(options: ChardevOptions): ChardevAddress {
  options.refuseUseless(['abstract', 'tight'], 'host=')
  const host = (options.text('host') ?? '').replace(/^\[([\da-f:.]+(?:%[\w.-]+)?)\]$/i, '$1')
  // Resolvers written in C end a name at a NUL.
  if (/[\0-\x20\x7f]/.test(host) || host.length > HOST_LENGTH) {
    options.refuse('host', 'a name or an address')
  }
  const port = options.number('port', PORT_LIMIT)
  if (port === undefined) {
    const reason = 'chardev: socket: no port given'
    return fail(
      DEFINITION_KINDS.missingOption,
      { reason, hint: 'add port=PORT' },
      options.spanOf(''),
    )
  }
  const family = chosenFamily(options.flag('ipv4'), options.flag('ipv6'))
  if (family === 'none') {
    return incompatible(options, 'ipv6', 'Cannot disable IPv4 and IPv6 at same time')
  }
  return { kind: 'inet', host, port, lastPort: options.number('to', PORT_LIMIT), family }
}

/** Bytes for a path in `struct sockaddr_un`. */
const PATH_LIMIT = 107

function readUnix(options: ChardevOptions): ChardevAddress {
  const path = options.text('path') ?? ''
  const isAbstract = options.flag('abstract') ?? false
  const length = Buffer.byteLength(path)
  if (length === 0 || length > PATH_LIMIT || path.includes('\0')) {
    options.refuse('path', `a path of up to ${PATH_LIMIT} bytes`)
  }
  if (!isAbstract) options.refuseUseless(['tight'], 'a path that is not abstract')
  return { kind: 'unix', path, isAbstract, isTight: options.flag('tight') ?? true }
}

const DESCRIPTOR_LIMIT = 2 ** 31 - 1

function readDescriptor(options: ChardevOptions): ChardevAddress {
  return { kind: 'fd', descriptor: options.number('fd', DESCRIPTOR_LIMIT) ?? 0 }
}

/** What has a meaning only for one that listens, or only for one that connects. */
function refuseOtherRole(options: ChardevOptions, isServer: boolean): void {
  if (isServer) {
    for (const name of ['reconnect', 'reconnect-ms']) {
      if (!options.has(name)) continue
      const reason = `'${name}' option is incompatible with socket in server listen mode`
      incompatible(options, name, reason)
    }
    return
  }
  options.refuseUseless(['to'], 'a socket that connects')
  if (options.has('wait')) {
    const reason = "'wait' option is incompatible with socket in client connect mode"
    incompatible(options, 'wait', reason, 'server=on listens')
  }
}

/** An hour; QEMU takes any number. */
const RECONNECT_LIMIT = 3_600

function readReconnect(options: ChardevOptions): number {
  const seconds = options.number('reconnect', RECONNECT_LIMIT)
  const milliseconds = options.number('reconnect-ms', RECONNECT_LIMIT * 1000)
  if (seconds !== undefined && milliseconds !== undefined) {
    const reason = "'reconnect' and 'reconnect-ms' are mutually exclusive"
    return incompatible(options, 'reconnect-ms', reason)
  }
  return milliseconds ?? (seconds ?? 0) * 1000
}

/** `delay=off` is its other name. */
function readNoDelay(options: ChardevOptions): boolean {
  const delay = options.flag('delay')
  return options.flag('nodelay') ?? (delay === undefined ? false : !delay)
}

type Security = Pick<SocketBackend, 'credentials' | 'authorization' | 'hostname'>

function readSecurity(options: ChardevOptions, { kind }: ChardevAddress): Security {
  const credentials = options.text('tls-creds')
  if (credentials === undefined) {
    if (options.has('tls-authz')) {
      const reason = "'tls_authz' option requires 'tls_creds' option"
      incompatible(options, 'tls-authz', reason, 'add tls-creds=ID')
    }
    options.refuseUseless(['tls-hostname', 'writer-authz'], 'a socket without tls-creds')
  } else if (kind !== 'inet') {
    const reason = `'tls_creds' option is incompatible with '${kind}' address type`
    incompatible(options, 'tls-creds', reason)
  }
  const authorization = options.text('tls-authz')
  return { credentials, authorization, hostname: options.text('tls-hostname') }
}

function refuseMuxWords(options: ChardevOptions, { isServer }: SocketBackend): void {
  if (!options.flag('mux')) {
    options.refuseUseless(['writer', 'writer-authz'], 'one client at a time: mux=on allows several')
  } else if (!isServer) {
    const reason = "'mux' is for a socket with server=on: several clients use it at the same time"
    incompatible(options, 'mux', reason)
  }
}
