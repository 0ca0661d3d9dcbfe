/** The extensions of certificates and what node:crypto does not tell of them (RFC 5280 section 4.2). */
import {
  DER,
  type DerElement,
  readBits,
  readBoolean,
  readElements,
  readObjectIdentifier,
  readOnly,
  readSmallInteger,
  requireTag,
} from '../asn1/der.ts'

type Extension = {
  readonly critical: boolean
  /** The DER within the octet string. */
  readonly value: Buffer
}

/** By object identifier. */
export type Extensions = ReadonlyMap<string, Extension>

export const EXTENSIONS = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  issuerAlternativeName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  distributionPoints: '2.5.29.31',
  policies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1',
  proxyInformation: '1.3.6.1.5.5.7.1.14',
  tlsFeatures: '1.3.6.1.5.5.7.1.24',
} as const

/** GnuTLS does not refuse these where they are critical; any other it does. */
const KNOWN: ReadonlySet<string> = new Set(Object.values(EXTENSIONS))

/**
 * Extensions ::= SEQUENCE OF Extension.
 *
 * @throws RangeError where they are malformed or one stands there twice.
 */
export function readExtensions(sequence: DerElement): Extensions {
  const extensions = new Map<string, Extension>()
  for (const element of readElements(requireTag(sequence, DER.sequence).body)) {
    const fields = readElements(requireTag(element, DER.sequence).body)
    const identifier = readObjectIdentifier(requireTag(fields[0], DER.objectIdentifier))
    // Readers that take the first and readers that take the last would see two certificates.
    if (extensions.has(identifier)) throw new RangeError(`extension ${identifier} stands twice`)
    const critical = fields.length === 3 && fields[1] ? readBoolean(fields[1]) : false
    const value = requireTag(fields.at(-1), DER.octetString).body
    if (fields.length > 3) throw new RangeError(`extension ${identifier} has too many fields`)
    extensions.set(identifier, { critical, value })
  }
  return extensions
}

/** Critical extensions that nothing here understands. */
export function unknownCritical(extensions: Extensions): readonly string[] {
  return [...extensions].flatMap(([identifier, { critical }]) =>
    critical && !KNOWN.has(identifier) ? [identifier] : [],
  )
}

/** BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }. */
export function readBasicConstraints(value: Buffer): { isAuthority: boolean; pathLength?: number } {
  const fields = readOnly(value, DER.sequence)
  const [first] = fields
  const isAuthority = first?.tag === DER.boolean && readBoolean(first)
  const length = fields[first?.tag === DER.boolean ? 1 : 0]
  return { isAuthority, ...(length ? { pathLength: readSmallInteger(length) } : {}) }
}

/** Bytes of a keyUsage: the number of unused bits, and nine bits. */
const KEY_USAGE_BYTES = 3

/** The numbers of the bits that are set. Bits beyond those that have a meaning are not looked at. */
export function readKeyUsage(value: Buffer): readonly number[] {
  const [bits, ...others] = readElements(value)
  if (!bits || others.length > 0) throw new RangeError('keyUsage is not one element')
  return readBits({ ...bits, body: bits.body.subarray(0, KEY_USAGE_BYTES) })
}

/** ExtKeyUsageSyntax ::= SEQUENCE OF KeyPurposeId. */
export function readPurposes(value: Buffer): ReadonlySet<string> {
  return new Set(readOnly(value, DER.sequence).map(readObjectIdentifier))
}

/** SubjectKeyIdentifier ::= OCTET STRING. */
export function readSubjectKeyIdentifier(value: Buffer): Buffer | undefined {
  const [element] = readElements(value)
  return element?.tag === DER.octetString ? element.body : undefined
}

/** AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OPTIONAL, ... }. */
export function readAuthorityKeyIdentifier(value: Buffer): Buffer | undefined {
  return readOnly(value, DER.sequence).find(({ tag }) => tag === 0x80)?.body
}

/** As many as GnuTLS compares. */
export const MAX_FEATURES = 64

/** Features ::= SEQUENCE OF INTEGER (RFC 7633 section 4). One more than the limit says that there are more. */
export function readTlsFeatures(value: Buffer): readonly number[] {
  return readOnly(value, DER.sequence)
    .slice(0, MAX_FEATURES + 1)
    .map(readSmallInteger)
}
