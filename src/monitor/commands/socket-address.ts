/** Addresses of sockets as commands take them: QEMU's SocketAddress, and its older form with `data`. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { HOST_KINDS } from '../host/host-diagnostics.ts'
import type { HostAddress } from '../host/listen-address.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { BOOL, enumOf, optional, STR, struct, UINT16, union } from '../schema/qapi-types.ts'

const INET = struct('InetSocketAddress', {
  host: STR,
  port: STR,
  numeric: optional(BOOL),
  to: optional(UINT16),
  ipv4: optional(BOOL),
  ipv6: optional(BOOL),
  'keep-alive': optional(BOOL),
  mptcp: optional(BOOL),
})
const UNIX = struct('UnixSocketAddress', {
  path: STR,
  abstract: optional(BOOL),
  tight: optional(BOOL),
})
const VSOCK = struct('VsockSocketAddress', { cid: STR, port: STR })
const FD = struct('FdSocketAddress', { str: STR })

const TYPE = enumOf('SocketAddressType', ['inet', 'unix', 'vsock', 'fd'])

export const SOCKET_ADDRESS = union('SocketAddress', { type: TYPE }, 'type', {
  inet: INET,
  unix: UNIX,
  vsock: VSOCK,
  fd: FD,
})

export const SOCKET_ADDRESS_LEGACY = union('SocketAddressLegacy', { type: TYPE }, 'type', {
  inet: struct('InetSocketAddressWrapper', { data: INET }),
  unix: struct('UnixSocketAddressWrapper', { data: UNIX }),
  vsock: struct('VsockSocketAddressWrapper', { data: VSOCK }),
  fd: struct('FdSocketAddressWrapper', { data: FD }),
})

type Legacy = NonNullable<(typeof SOCKET_ADDRESS_LEGACY)['value']>
type Flat = NonNullable<(typeof SOCKET_ADDRESS)['value']>

/** @throws QmpError, DiagnosticError MONITOR_ADDRESS_UNSUPPORTED */
export function readLegacyAddress({ type, data }: Legacy): HostAddress {
  return readAddress({ type, ...data } as Flat)
}

/** @throws QmpError, DiagnosticError MONITOR_ADDRESS_UNSUPPORTED */
function readAddress(address: Flat): HostAddress {
  switch (address.type) {
    case 'inet': {
      const { host, port, to, ipv4, ipv6 } = address
      return {
        kind: 'inet',
        host,
        port,
        ...(to === undefined ? {} : { to }),
        ...(ipv4 === undefined ? {} : { ipv4 }),
        ...(ipv6 === undefined ? {} : { ipv6 }),
      }
    }
    case 'unix':
      return { kind: 'unix', path: address.path, isAbstract: address.abstract ?? false }
    case 'vsock':
      return fail(HOST_KINDS.addressUnsupported, {
        reason: 'vsock is not supported: Node.js has no sockets of this family',
      })
    case 'fd':
      return refuseCommand(`File descriptor named '${address.str}' has not been found`)
  }
}
