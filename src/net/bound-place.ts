/** What a listening socket takes of the host: two ways to write one place are equal here. */
import { lookup } from 'node:dns/promises'
import { isIP, type ListenOptions, SocketAddress } from 'node:net'
import { canonicalPath } from '../files/canonical-path.ts'

type BoundPort = {
  readonly port: number
  /** The address of each family that it listens at. */
  readonly ipv4?: string
  readonly ipv6?: string
}

/** A path, a name behind a NUL, a descriptor, or a port. */
export type BoundPlace = string | number | BoundPort

const ANY_IPV4 = '0.0.0.0'
const ANY_IPV6 = '::'

/**
 * @param options As node:net is asked to listen.
 * @returns undefined where no other socket can have the place, or where it is not known.
 */
export async function boundPlaceOf({
  path,
  fd,
  host = ANY_IPV6,
  port = 0,
  ipv6Only = false,
}: ListenOptions & { readonly fd?: number }): Promise<BoundPlace | undefined> {
  if (path !== undefined) return path.startsWith('\0') ? path : canonicalPath(path)
  if (fd !== undefined) return fd
  // The system gives each another port.
  if (port === 0) return undefined
  const address = isIP(host) ? host : await addressOf(host)
  return address === undefined ? undefined : { port, ...boundAddresses(address, ipv6Only) }
}

/** Whether a socket at one place keeps another from listening at the other. */
export function isSamePlace(one: BoundPlace, other: BoundPlace): boolean {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other
  if (one.port !== other.port) return false
  return meet(one.ipv4, other.ipv4, ANY_IPV4) || meet(one.ipv6, other.ipv6, ANY_IPV6)
}

function meet(one: string | undefined, other: string | undefined, any: string): boolean {
  if (one === undefined || other === undefined) return false
  return one === other || one === any || other === any
}

/** The first, as node:net takes it. A name that is not found is told of by what listens there. */
async function addressOf(name: string): Promise<string | undefined> {
  const found = await lookup(name).catch(() => undefined)
  return found?.address
}

function boundAddresses(address: string, ipv6Only: boolean): Omit<BoundPort, 'port'> {
  if (isIP(address) === 4) return { ipv4: address }
  const ipv6 = shortest(address)
  // A socket of all addresses takes IPv4 too, and one of an IPv4 address within an IPv6 one nothing else.
  if (ipv6 === ANY_IPV6) return ipv6Only ? { ipv6 } : { ipv6, ipv4: ANY_IPV4 }
  const [, inner] = /^::ffff:([\d.]+)$/.exec(ipv6) ?? []
  return inner === undefined ? { ipv6 } : { ipv4: inner }
}

/** Of all texts for one address. */
function shortest(address: string): string {
  const [plain = '', zone] = address.split('%')
  const short = new SocketAddress({ address: plain, family: 'ipv6' }).address
  return zone === undefined ? short : `${short}%${zone}`
}
