/** Where an endpoint of a host listens, as QEMU says it (SocketAddress), and what node:net needs for that. */
import type { ListenOptions } from 'node:net'
import { fail } from '../../diagnostics/diagnostic.ts'
import { HOST_KINDS } from './host-diagnostics.ts'

/** As node:net takes them. */
export type ListeningOptions = ListenOptions & { readonly fd?: number }

export type HostAddress =
  | {
      readonly kind: 'inet'
      /** Empty for all addresses. */
      readonly host: string
      readonly port: string
      /** The last port to try, where those before it are taken. */
      readonly to?: number
      readonly ipv4?: boolean
      readonly ipv6?: boolean
    }
  | { readonly kind: 'unix'; readonly path: string; readonly isAbstract?: boolean }
  /** A socket that listens already. */
  | { readonly kind: 'fd'; readonly descriptor: number }

/** One that clients can see from outside. */
export type DialableAddress = Exclude<HostAddress, { readonly kind: 'fd' }>

/**
 * The addresses to try, in order.
 *
 * @throws DiagnosticError MONITOR_PORT_UNKNOWN
 */
export function listenOptionsOf(address: HostAddress): readonly ListeningOptions[] {
  if (address.kind === 'fd') return [{ fd: address.descriptor }]
  if (address.kind === 'unix') {
    return [{ path: address.isAbstract ? `\0${address.path}` : address.path }]
  }
  const { host, ipv4, ipv6 } = address
  const first = readPort(address)
  const last = Math.max(first, Math.min(address.to ?? first, 65_535))
  const onlyIpv6 = ipv4 === false || (ipv6 === true && ipv4 !== true)
  const any = ipv6 === false || (ipv4 === true && ipv6 !== true) ? '0.0.0.0' : '::'
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    host: host === '' ? any : host,
    port: first + index,
    ...(onlyIpv6 ? { ipv6Only: true } : {}),
  }))
}

function readPort({ host, port }: Extract<HostAddress, { readonly kind: 'inet' }>): number {
  const isPort = /^[0-9]{1,5}$/.test(port) && Number(port) <= 65_535
  return isPort ? Number(port) : fail(HOST_KINDS.portUnknown, { host, port })
}
