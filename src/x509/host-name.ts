/** Whether a certificate is one for a host, as GnuTLS compares names and addresses (RFC 6125). */
import { parseIpAddress } from '../wire/ip-address.ts'
import type { AlternativeName } from './alternative-name.ts'
import type { Certificate } from './certificate.ts'
import { COMMON_NAME, readName } from './distinguished-name.ts'
import { parseHostName } from './host-syntax.ts'
import { isForServers } from './purposes.ts'

export type HostNameOptions = {
  /** Whether `*` may stand for the first label of a name; true by default. */
  readonly wildcards: boolean
}

/**
 * Compares by alternative names, and by the common name only where there are none of hosts and
 * the certificate may be a server's. Addresses match alternative names of addresses only.
 */
export function matchesHostName(
  certificate: Certificate,
  hostname: string,
  { wildcards }: HostNameOptions = { wildcards: true },
): boolean {
  const address = parseIpAddress(hostname)
  if (address) return hasAddress(certificate.alternativeNames, address)
  const host = parseHostName(hostname)
  if (host === undefined) return false
  return hostNames(certificate).some((name) => matchesName(name, host, wildcards))
}

/** Whether a text is the name of a host or an address. Nothing else is ever matched. */
export function isHost(text: string): boolean {
  return parseIpAddress(text) !== undefined || parseHostName(text) !== undefined
}

function hasAddress(names: readonly AlternativeName[], address: Buffer): boolean {
  return names.some(({ kind, bytes }) => kind === 'ip' && bytes.equals(address))
}

const HOST_KINDS: readonly string[] = ['dns', 'ip', 'uri', 'srv']

function hostNames(certificate: Certificate): readonly string[] {
  const { alternativeNames } = certificate
  if (alternativeNames.some(({ kind }) => HOST_KINDS.includes(kind))) {
    return alternativeNames.flatMap(({ kind, value }) => (kind === 'dns' ? [value] : []))
  }
  return isForServers(certificate) ? commonName(certificate) : []
}

/** Of several common names, none is known to be the host. */
function commonName({ link }: Certificate): readonly string[] {
  const names = readName(link.subject)
    .flat()
    .filter(({ identifier }) => identifier === COMMON_NAME)
  const [name] = names
  return names.length === 1 && name?.text !== undefined ? [name.text] : []
}

/** Names with anything but printable ASCII, a zero byte for one, match nothing. */
function matchesName(name: string, host: string, wildcards: boolean): boolean {
  if (!/^[\x20-\x7e]+$/.test(name)) return false
  const pattern = name.toLowerCase()
  if (!pattern.startsWith('*') || !wildcards) return pattern === host
  // `*.org` would be the name of all hosts of `org`.
  if (!/\..*\.[^.]+$/.test(pattern)) return false
  const rest = pattern.slice(1)
  const firstLabel = host.length - rest.length
  return firstLabel >= 0 && host.endsWith(rest) && !host.slice(0, firstLabel).includes('.')
}
