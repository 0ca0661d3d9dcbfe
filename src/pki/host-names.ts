/** Names and addresses of hosts that certificates are made for, checked before they are signed. */
import { isIP } from 'node:net'
import { domainToUnicode } from 'node:url'
import { fail } from '../diagnostics/diagnostic.ts'
import { parseIpAddress } from '../wire/ip-address.ts'
import { endsInNumber, isHostLabel, MAX_HOST_NAME, toAsciiName } from '../x509/host-syntax.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

export type HostName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: string; readonly bytes: Buffer }

/**
 * Checks a DNS name and gives it as it stands in certificates: lower case, with A-labels.
 *
 * @throws DiagnosticError PKI_DNS_INVALID.
 */
export function parseDnsName(text: string): HostName {
  const value = toAsciiName(text)
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
  const bytes = parseIpAddress(text)
  if (bytes) return { kind: 'ip', value: text, bytes }
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
  if (parseIpAddress(commonName)) return parseAddress(commonName)
  return isDnsName(commonName) ? parseDnsName(commonName) : undefined
}

function isDnsName(text: string): boolean {
  return problemWith(text, toAsciiName(text)) === undefined
}

type Problem = { readonly reason: string; readonly hint?: string }

function problemWith(text: string, ascii: string): Problem | undefined {
  if (text === '') return { reason: 'it is empty' }
  if (isIP(text) !== 0) return { reason: 'it is an address', hint: `use --ip ${text}` }
  if (ascii.endsWith('.')) {
    return {
      reason: 'it ends with a dot',
      hint: 'leave out the dot: with it, no client matches it',
    }
  }
  if (ascii.length > MAX_HOST_NAME) return { reason: `it is longer than ${MAX_HOST_NAME} octets` }
  return problemWithWildcard(ascii) ?? problemWithLabels(text, ascii)
}

function problemWithWildcard(ascii: string): Problem | undefined {
  if (!ascii.includes('*')) return undefined
  const [first, ...rest] = ascii.split('.')
  if (first !== '*' || rest.some((label) => label.includes('*'))) {
    return {
      reason: 'a * stands in a wrong place',
      hint: 'a * may only be the whole first label, as in *.example.com',
    }
  }
  if (rest.length >= 2) return undefined
  return { reason: 'its * covers too much', hint: 'a * needs two labels after it: *.example.com' }
}

function problemWithLabels(text: string, ascii: string): Problem | undefined {
  const labels = ascii.split('.')
  const isWildcard = labels[0] === '*'
  const bad = labels.slice(isWildcard ? 1 : 0).find((label) => !isHostLabel(label))
  if (bad !== undefined || ascii === '') {
    return {
      reason: bad === '' && ascii !== '' ? 'it has an empty label' : 'it is not a host name',
    }
  }
  if (endsInNumber(ascii)) {
    return { reason: 'its last label is a number', hint: 'addresses are given with --ip' }
  }
  const isBroken = labels.some((label) => label.startsWith('xn--') && !isEncoded(label))
  return isBroken ? { reason: `${text} is not valid IDNA` } : undefined
}

/** Whether a label stands for another text. Some releases of Node.js leave a broken one as it is. */
function isEncoded(label: string): boolean {
  const decoded = domainToUnicode(label)
  return decoded !== '' && decoded !== label
}
