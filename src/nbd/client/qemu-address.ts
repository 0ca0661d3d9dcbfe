/**
 * The addresses that QEMU had before there were NBD URIs: `nbd:HOST:PORT`, `nbd:unix:PATH`, and
 * `:exportname=NAME` behind either. Nothing in them is percent-encoded.
 */
import { readBytes } from '../../files/text-file.ts'
import type { SocketAddress } from '../../net/address.ts'
import type { RefuseUri } from '../../net/uri.ts'

export type QemuAddress = { readonly address: SocketAddress; readonly exportName: string }

/** Whether QEMU takes the text as such an address: it looks for `://` anywhere. */
export function isQemuAddress(text: string): boolean {
  return text.startsWith('nbd:') && !text.includes('://')
}

/** Reads a text for which `isQemuAddress` is true. */
export function parseQemuAddress(text: string, refuse: RefuseUri): QemuAddress {
  const marker = text.indexOf(EXPORT_MARKER)
  const server = text.slice('nbd:'.length, marker === -1 ? undefined : marker)
  const exportName = marker === -1 ? '' : text.slice(marker + EXPORT_MARKER.length)
  if (marker !== -1 && exportName === '') refuse(`no name stands behind ${EXPORT_MARKER}`)
  const address = server.startsWith(UNIX) ? unixAddress(server, refuse) : tcpAddress(server, refuse)
  return { address, exportName }
}

const EXPORT_MARKER = ':exportname='
const UNIX = 'unix:'

/** All to the end is the path, colons too. */
function unixAddress(server: string, refuse: RefuseUri): SocketAddress {
  const path = server.slice(UNIX.length)
  if (path === '') refuse('no path stands behind nbd:unix:')
  if (path.includes('\0')) refuse('its socket has a NUL')
  return { kind: 'unix', path }
}

function tcpAddress(server: string, refuse: RefuseUri): SocketAddress {
  const [, bracketed, plain, port = ''] =
    /^(?:\[([^\]]+)\]|([^:[\]]+)):([^,]+)$/.exec(server) ??
    refuse('what stands behind nbd: is neither HOST:PORT nor unix:PATH', HINT)
  const host = bracketed ?? plain ?? ''
  return { kind: 'tcp', host, port: readPort(port, refuse) }
}

const HINT = 'for instance: nbd:host:10809:exportname=disk, nbd:[::1]:10809, nbd:unix:/run/nbd.sock'

function readPort(port: string, refuse: RefuseUri): number {
  const number = /^\d+$/.test(port) ? Number(port) : portOfService(port)
  if (number === undefined || number < 1 || number > 65535)
    // With an @ it may be a password that stands before the host.
    return refuse(
      port.includes('@') ? 'what should be its port has an @' : `there is no port ${port}`,
    )
  return number
}

/** The port of a TCP service by its name or another of its names, as services(5) lists them. */
function portOfService(name: string): number | undefined {
  for (const line of readServices().split('\n')) {
    const [first, port = '', ...others] = line.replace(/#.*/, '').trim().split(/\s+/)
    const number = /^(\d+)\/tcp$/.exec(port)?.[1]
    if (number !== undefined && [first, ...others].includes(name)) return Number(number)
  }
  return undefined
}

/** Where the host has no such file, it knows no services. */
function readServices(): string {
  try {
    return readBytes('/etc/services').toString('latin1')
  } catch {
    return ''
  }
}
