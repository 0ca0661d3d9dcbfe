/** Addresses of socket chardevs, as node:net takes them. */
import { type ListenOptions, Socket } from 'node:net'
import { fail } from '../../diagnostics/diagnostic.ts'
import { listenOptionsOfPorts } from '../../endpoint/listening-ports.ts'
import { printAddress, type SocketAddress } from '../../net/address.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { ChardevAddress } from '../definition/chardev-definition.ts'

type UnixAddress = Extract<ChardevAddress, { kind: 'unix' }>

/** The room for a name in `struct sockaddr_un`, less the zero before it. */
const NAME_ROOM = 107

/** A path, or a name in the abstract namespace behind a zero. */
export function unixPath({ path, isAbstract, isTight }: UnixAddress): string {
  if (!isAbstract) return path
  const room = NAME_ROOM - Buffer.byteLength(path)
  return `\0${path}${isTight ? '' : '\0'.repeat(room)}`
}

/** Where a socket listens, in the order in which ports are tried. */
export function listenOptionsOfChardev(
  address: ChardevAddress,
): readonly (ListenOptions & { readonly fd?: number })[] {
  if (address.kind === 'fd') return [{ fd: address.descriptor }]
  return address.kind === 'unix' ? [{ path: unixPath(address) }] : listenOptionsOfPorts(address)
}

/** Where a socket connects to. @throws DiagnosticError CHARDEV_UNUSABLE */
export function dialledAddress(
  address: Exclude<ChardevAddress, { kind: 'fd' }>,
  id: string,
): SocketAddress {
  if (address.kind === 'unix') return { kind: 'unix', path: unixPath(address) }
  // QEMU connects to this host there.
  const host = address.host === '' ? 'localhost' : address.host
  if (address.port > 0) return { kind: 'tcp', host, port: address.port }
  const data = { what: `chardev ${id}`, reason: 'port 0 is no port to connect to' }
  return fail(CHARDEV_KINDS.unusable, data)
}

/** For messages. */
export function printChardevAddress(address: ChardevAddress): string {
  if (address.kind === 'fd') return `descriptor ${address.descriptor}`
  if (address.kind === 'unix') {
    return printAddress({ kind: 'unix', path: unixPath({ ...address, isTight: true }) })
  }
  return printAddress({ ...address, kind: 'tcp' })
}

/** A connection that another program has opened. @throws DiagnosticError CHARDEV_UNUSABLE */
export function inheritedSocket(descriptor: number): Socket {
  try {
    return new Socket({ fd: descriptor, allowHalfOpen: true })
  } catch {
    const data = { what: `descriptor ${descriptor}`, reason: 'it is not a socket' }
    return fail(CHARDEV_KINDS.unusable, data)
  }
}
