/**
 * Whether a text is the name of a host (RFC 1123 section 2.1). node:url's functions read hosts of URLs: they
 * cut off paths, decode escapes and take numbers for addresses. So a text is checked before, and
 * what they make of it after.
 */
import { domainToASCII } from 'node:url'

/** Octets of a whole name (RFC 1035 section 2.3.4). */
export const MAX_HOST_NAME = 253

/** Letters, digits, hyphens within; underscores, since hosts that only /etc/hosts knows have them. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

/** Letters of any script; the ASCII that node:url would decode or map to something else is not there. */
const INTERNATIONAL = /^[\p{L}\p{M}\p{N}._*-]+$/u

export function isHostLabel(label: string): boolean {
  return LABEL.test(label)
}

/** Programs take a name whose last label is a number for an address (WHATWG URL, "ends in a number"). */
export function endsInNumber(ascii: string): boolean {
  return /^(\d+|0x[0-9a-f]*)$/.test(ascii.split('.').at(-1) ?? '')
}

/** In lower case and with A-labels; empty where it is no text of a name. */
export function toAsciiName(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it asks for.
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase()
  return INTERNATIONAL.test(text) ? domainToASCII(text) : ''
}

/** The name of a host as it stands in certificates, or undefined where the text is none. */
export function parseHostName(text: string): string | undefined {
  const ascii = toAsciiName(text)
  const isName = ascii.length <= MAX_HOST_NAME && ascii.split('.').every(isHostLabel)
  return isName && !endsInNumber(ascii) ? ascii : undefined
}
