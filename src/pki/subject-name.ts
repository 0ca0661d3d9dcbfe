/** Subjects of certificates: an organization and a common name (RFC 5280 section 4.1.2.4). */
import { objectIdentifier, sequenceOf, setOf, utf8String } from '../asn1/der-writer.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

export type SubjectName = {
  readonly organization?: string | undefined
  readonly commonName: string
}

/** Characters of a part (RFC 5280 appendix A.1: ub-common-name, ub-organization-name). */
export const MAX_NAME_LENGTH = 64

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'

/**
 * Control characters and halves of characters, which some readers end a name at, and marks that
 * turn the direction of writing, which make a name look like another.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

/**
 * Checks a part of a subject and gives it in composed form, in which equal names are equal bytes.
 *
 * @throws DiagnosticError PKI_NAME_INVALID.
 */
export function parseNamePart(option: '--cn' | '--org', text: string): string {
  const name = text.normalize('NFC')
  const reason = reasonAgainst(name)
  if (reason !== undefined) fail(PKI_KINDS.nameInvalid, { option, text, reason })
  return name
}

function reasonAgainst(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name !== name.trim()) return 'it begins or ends with white space'
  if (FORBIDDEN.test(name)) return 'it has control characters'
  if ([...name].length > MAX_NAME_LENGTH) return `it has more than ${MAX_NAME_LENGTH} characters`
  return undefined
}

/** The name in ASN.1, the organization first, so that QEMU sees `O=...,CN=...`. */
export function encodeSubject({ organization, commonName }: SubjectName): Buffer {
  const parts: readonly (readonly [type: string, value: string | undefined])[] = [
    [ORGANIZATION, organization],
    [COMMON_NAME, commonName],
  ]
  return sequenceOf(
    ...parts.flatMap(([type, value]) =>
      value === undefined ? [] : setOf(sequenceOf(objectIdentifier(type), utf8String(value))),
    ),
  )
}
