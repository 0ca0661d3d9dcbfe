/** Addresses of TCP and Unix sockets, and how they are written for people. */
import type { AddressInfo, ListenOptions, Socket } from 'node:net'

/** Where a server listens. */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'unix'
      /** A path; a name in Linux's abstract namespace begins with NUL. */
      readonly path: string
    }

/** `host:port`, `[IPv6 address]:port`, a path, or `@name` in the abstract namespace. */
export function printAddress(address: SocketAddress): string {
  return address.kind === 'unix'
    ? address.path.replace(/^\0/, '@')
    : printHostAndPort(address.host, address.port)
}

/** `host:port`, or `[address]:port` for an IPv6 address. */
export function printHostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Where a server listens, as node:net tells it: `host:port`, or a path. */
export function printBoundAddress(address: AddressInfo | string): string {
  return typeof address === 'string' ? address : printHostAndPort(address.address, address.port)
}

/** Whether other hosts may reach what printBoundAddress has printed. */
export function isOpenToNetwork(bound: string): boolean {
  const [, inBrackets, plain] = /^(?:\[(.+)\]|([\d.]+)):\d+$/.exec(bound) ?? []
  const host = inBrackets ?? plain
  return host !== undefined && !isLoopback(host)
}

/** Addresses of the host itself, and the names that hosts have for them. */
const LOOPBACK = /^(127\.[\d.]+|::1|localhost[46]?(\.localdomain[46]?)?)$/i

/** Whether what goes there stays on this host. A name such as localhost.example.com is of another. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}

/**
 * The address of the client of a connection; `unix` where its socket has none. Of a client of TCP that has left
 * already, the system tells none: only our own address is left.
 */
export function printPeer({ remoteAddress, remotePort = 0, localAddress }: Socket): string {
  if (remoteAddress === undefined) return localAddress === undefined ? 'unix' : 'unknown'
  // A socket for both families shows an IPv4 address within an IPv6 one.
  return printHostAndPort(remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, ''), remotePort)
}

/** Where a server was asked to listen. */
export function printListening({
  path,
  host = '*',
  port = 0,
  fd,
}: ListenOptions & { readonly fd?: number }): string {
  if (path !== undefined) return printAddress({ kind: 'unix', path })
  return fd === undefined ? printHostAndPort(host, port) : `descriptor ${fd}`
}
