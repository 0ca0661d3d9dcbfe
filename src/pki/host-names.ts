/** Names and addresses of hosts that certificates are made for, checked before they are signed. */
import { isIP, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { fail } from '../diagnostics/diagnostic.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

export type HostName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: string; readonly bytes: Buffer }

/** Octets of a whole name (RFC 1035 section 2.3.4). */
const MAX_NAME = 253

/** Letters, digits, hyphens within; underscores, since hosts that only /etc/hosts knows have them. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

/** Letters of any script; the ASCII that node:url would decode or map to something else is not there. */
const INTERNATIONAL = /^[\p{L}\p{M}\p{N}._*-]+$/u

/**
 * Checks a DNS name and gives it as it stands in certificates: lower case, with A-labels.
 *
 * @throws DiagnosticError PKI_DNS_INVALID.
 */
export function parseDnsName(text: string): HostName {
  const value = toAscii(text)
  const problem = problemWith(text, value)
  if (problem) fail(PKI_KINDS.dnsInvalid, { text, ...problem })
  return { kind: 'dns', value }
}

/**
 * Checks an address.
 *
 * @throws DiagnosticError PKI_ADDRESS_INVALID.
 */
export function parseAddress(text: string): HostName {
  if (isIP(text) !== 0 && !text.includes('%')) {
    return { kind: 'ip', value: text, bytes: isIPv6(text) ? bytesOfIpv6(text) : bytesOfIpv4(text) }
  }
  const hint = text.includes('%')
    ? 'leave out what follows %: it means something on one host only'
    : text.includes('/')
      ? 'a certificate names addresses, not networks'
      : isDnsName(text)
        ? `use --dns ${text}`
        : undefined
  return fail(PKI_KINDS.addressInvalid, { text, hint })
}

/** The host that a common name stands for, if it can be one. */
export function hostOfCommonName(commonName: string): HostName | undefined {
  if (isIP(commonName) !== 0 && !commonName.includes('%')) return parseAddress(commonName)
  return isDnsName(commonName) ? parseDnsName(commonName) : undefined
}

function isDnsName(text: string): boolean {
  return problemWith(text, toAscii(text)) === undefined
}

function toAscii(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it asks for.
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase()
  return INTERNATIONAL.test(text) ? domainToASCII(text) : ''
}

type Problem = { readonly why: string; readonly hint?: string }

function problemWith(text: string, ascii: string): Problem | undefined {
  if (text === '') return { why: 'it is empty' }
  if (isIP(text) !== 0) return { why: 'it is an address', hint: `use --ip ${text}` }
  if (ascii.endsWith('.')) {
    return { why: 'it ends with a dot', hint: 'leave out the dot: with it, no client matches it' }
  }
  if (ascii.length > MAX_NAME) return { why: `it is longer than ${MAX_NAME} octets` }
  return problemWithWildcard(ascii) ?? problemWithLabels(text, ascii)
}

function problemWithWildcard(ascii: string): Problem | undefined {
  if (!ascii.includes('*')) return undefined
  const [first, ...rest] = ascii.split('.')
  if (first !== '*' || rest.some((label) => label.includes('*'))) {
    return {
      why: 'a * stands in a wrong place',
      hint: 'a * may only be the whole first label, as in *.example.com',
    }
  }
  if (rest.length >= 2) return undefined
  return { why: 'its * covers too much', hint: 'a * needs two labels after it: *.example.com' }
}

function problemWithLabels(text: string, ascii: string): Problem | undefined {
  const labels = ascii.split('.')
  const isWildcard = labels[0] === '*'
  const bad = labels.slice(isWildcard ? 1 : 0).find((label) => !LABEL.test(label))
  if (bad !== undefined || ascii === '') {
    return { why: bad === '' && ascii !== '' ? 'it has an empty label' : 'it is not a host name' }
  }
  // What ends with a number is an address to those who parse it (WHATWG URL, "ends in a number").
  if (/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) {
    return { why: 'its last label is a number', hint: 'addresses are given with --ip' }
  }
  const isPunycode = labels.some((label) => label.startsWith('xn--'))
  if (isPunycode && domainToASCII(ascii) !== ascii) return { why: `${text} is not valid IDNA` }
  return undefined
}

function bytesOfIpv4(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number))
}

function bytesOfIpv6(text: string): Buffer {
  const [head = '', tail] = text.split('::')
  const first = bytesOfGroups(head)
  const last = bytesOfGroups(tail ?? '')
  return Buffer.concat([first, Buffer.alloc(16 - first.length - last.length), last])
}

/** The last group may be an IPv4 address. */
function bytesOfGroups(text: string): Buffer {
  if (text === '') return Buffer.alloc(0)
  return Buffer.concat(
    text
      .split(':')
      .map((group) =>
        group.includes('.') ? bytesOfIpv4(group) : Buffer.from(group.padStart(4, '0'), 'hex'),
      ),
  )
}
