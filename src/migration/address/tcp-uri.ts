/** `tcp:HOST:PORT` with the options of QEMU's inet sockets. */
import { nearestOrKnown } from '../../diagnostics/suggestion.ts'
import { chosenFamily } from '../../net/address-family.ts'
import type { RefuseUri } from '../../net/uri.ts'

export type TcpUri = {
  readonly kind: 'tcp'
  /** Without the brackets of an IPv6 address; empty for all addresses of this host. */
  readonly host: string
  readonly port: number
  /** The one family of addresses to be used. */
  readonly family?: 4 | 6
  /** Of one that listens: the last port to try where others are taken. */
  readonly lastPort?: number
}

const PORT_LIMIT = 65_535

/** Longer names and ports are cut by QEMU, so that they would mean another place. */
const HOST_LENGTH = 64

/** The text behind `tcp:`. */
export function parseTcp(text: string, refuse: RefuseUri): TcpUri {
  const [, bracketed, plain = '', port = '', options = ''] =
    /^(?:\[([^\]]+)\]|([^:[]*)):([^,]+)(.*)$/s.exec(text) ??
    refuse('it is not tcp:HOST:PORT', 'an IPv6 address stands in brackets, as in tcp:[::1]:49152')
  const host = bracketed ?? plain
  if (bracketed !== undefined && !/^[\da-f:.]+(%[\w.-]+)?$/i.test(bracketed)) {
    refuse('brackets hold an IPv6 address')
  }
  // Resolvers written in C end a name at a NUL.
  if (/[\0-\x20\x7f]/.test(host)) refuse('its host has a space or a control character')
  if (host.length > HOST_LENGTH) refuse(`its host has more than ${HOST_LENGTH} characters`)
  return { kind: 'tcp', host, port: parsePort(port, refuse), ...parseOptions(options, refuse) }
}

function parsePort(text: string, refuse: RefuseUri): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= PORT_LIMIT) return port
  // With an @ it may be a password that stands before the host.
  return refuse(
    text.includes('@')
      ? 'what should be its port has an @'
      : `there is no port ${JSON.stringify(text)}`,
  )
}

type Options = Pick<TcpUri, 'family' | 'lastPort'>

const OPTIONS = ['ipv4', 'ipv6', 'to', 'keep-alive', 'mptcp'] as const

function parseOptions(text: string, refuse: RefuseUri): Options {
  const given = new Map<string, string | undefined>()
  for (const option of text.split(',').slice(1)) {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(option) ?? []
    if (!OPTIONS.some((known) => known === name)) {
      refuse(`it has an unknown option \`${name}\``, nearestOrKnown(name, OPTIONS))
    }
    if (given.has(name)) refuse(`it has the option \`${name}\` twice`)
    given.set(name, value)
  }
  const isOn = (name: string) => parseFlag(name, given, refuse)
  // Connections are always kept alive here.
  if (isOn('keep-alive') === false) refuse('keep-alive cannot be turned off here')
  if (isOn('mptcp')) refuse('MPTCP is not known here')
  const to = given.get('to')
  return {
    ...familyOf(isOn('ipv4'), isOn('ipv6'), refuse),
    ...(given.has('to') ? { lastPort: parsePort(to ?? '', refuse) } : {}),
  }
}

/** A name alone says on. @returns undefined where it is not given. */
function parseFlag(
  name: string,
  given: ReadonlyMap<string, string | undefined>,
  refuse: RefuseUri,
): boolean | undefined {
  if (!given.has(name)) return undefined
  const value = given.get(name) ?? 'on'
  if (value !== 'on' && value !== 'off') refuse(`its option \`${name}\` is neither on nor off`)
  return value === 'on'
}

function familyOf(
  ipv4: boolean | undefined,
  ipv6: boolean | undefined,
  refuse: RefuseUri,
): Pick<TcpUri, 'family'> {
  const family = chosenFamily(ipv4, ipv6)
  if (family === 'none') return refuse('it turns off both IPv4 and IPv6')
  return family === undefined ? {} : { family }
}
