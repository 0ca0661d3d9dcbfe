/** Whether a certificate is one for a host, as GnuTLS compares names and addresses (RFC 6125). */
import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import type { AlternativeName } from './alternative-name.ts'
import type { Certificate } from './certificate.ts'
import { COMMON_NAME, readName } from './distinguished-name.ts'
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
  const { alternativeNames } = certificate
  if (isIPv4(hostname)) return hasAddress(alternativeNames, hostname)
  if (isIPv6(hostname) && !hostname.includes('%')) {
    return hasAddress(alternativeNames, writeGroups(hostname))
  }
  const host = domainToASCII(hostname) || hostname
  return hostNames(certificate).some((name) => matchesName(name, host, wildcards))
}

function hasAddress(names: readonly AlternativeName[], address: string): boolean {
  return names.some(({ kind, value }) => kind === 'ip' && value === address)
}

/** An IPv6 address as `printAddress` writes it. */
function writeGroups(address: string): string {
  const [, short = ''] = /^\[(.*)\]$/.exec(new URL(`http://[${address}]/`).hostname) ?? []
  const [head = '', tail] = short.split('::')
  const before = head.split(':').filter((group) => group !== '')
  const after = (tail ?? '').split(':').filter((group) => group !== '')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].join(':')
}

const HOST_KINDS: readonly string[] = ['dns', 'ip', 'uri', 'srv']

function hostNames(certificate: Certificate): readonly string[] {
  const { alternativeNames } = certificate
  if (alternativeNames.some(({ kind }) => HOST_KINDS.includes(kind))) {
    return alternativeNames.flatMap(({ kind, value }) => (kind === 'dns' ? [value] : []))
  }
  return isForServers(certificate) ? commonName(certificate) : []
}

/** Of several common names nobody knows which is the host. */
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
  const wanted = host.toLowerCase()
  const pattern = name.toLowerCase()
  if (!pattern.startsWith('*') || !wildcards) return pattern === wanted
  // `*.org` would be the certificate of everybody.
  if (!/^[^.]*\..*\.[^.]+$/.test(pattern)) return false
  const rest = pattern.slice(1)
  const firstLabel = wanted.length - rest.length
  return firstLabel >= 0 && wanted.endsWith(rest) && !wanted.slice(0, firstLabel).includes('.')
}
