/** Extensions of the certificates that are issued (RFC 5280 section 4.2). */
import {
  bitString,
  boolean,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequenceOf,
} from '../asn1/der-writer.ts'
import { EXTENSIONS } from '../x509/extension-values.ts'
import type { HostName } from './host-names.ts'

/** What a certificate is for. */
export type EndpointRole = 'server' | 'client'

/** Of certificates, requests and revocation lists (RFC 5280 sections 5.2 and 5.3 for the latter). */
export const ISSUED_EXTENSIONS = {
  ...EXTENSIONS,
  listNumber: '2.5.29.20',
  reason: '2.5.29.21',
} as const

const PURPOSES: { readonly [R in EndpointRole]: string } = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
}

/** Bits of keyUsage, the first one highest, and how many of the byte do not count. */
const SIGN_AND_ENCIPHER = [0b1010_0000, 5] as const
const SIGN = [0b1000_0000, 7] as const
const SIGN_CERTIFICATES_AND_LISTS = [0b0000_0110, 1] as const

/** @param issuerKeyId Of the authority above; that one may have no further one below it. */
export function authorityExtensions(keyId: Buffer, issuerKeyId?: Buffer): readonly Buffer[] {
  const pathLength = issuerKeyId ? [integer(Buffer.from([0]))] : []
  return [
    encodeExtension(
      ISSUED_EXTENSIONS.basicConstraints,
      true,
      sequenceOf(boolean(true), ...pathLength),
    ),
    keyUsage(SIGN_CERTIFICATES_AND_LISTS, true),
    encodeExtension(ISSUED_EXTENSIONS.subjectKeyIdentifier, false, octetString(keyId)),
    ...(issuerKeyId ? [authorityKeyIdentifier(issuerKeyId)] : []),
  ]
}

export function authorityKeyIdentifier(issuerKeyId: Buffer): Buffer {
  const value = sequenceOf(implicit(0, issuerKeyId))
  return encodeExtension(ISSUED_EXTENSIONS.authorityKeyIdentifier, false, value)
}

export type EndpointExtensions = {
  readonly role: EndpointRole
  /** RSA keys may encipher too, as suites with static RSA ask for. */
  readonly isRsa: boolean
  readonly keyId: Buffer
  readonly issuerKeyId: Buffer
  /** The alternative names, encoded; undefined where there are none. */
  readonly alternativeNames: Buffer | undefined
}

/**
 * As the templates that QEMU and libvirt document come out of certtool, but for keyUsage of keys
 * that cannot encipher: QEMU before 10.2 and libvirt before 11.6 refuse a critical one without
 * keyEncipherment, which may not stand there (RFC 5480 section 3), and take one that is not critical.
 */
export function endpointExtensions(content: EndpointExtensions): readonly Buffer[] {
  const { role, isRsa, keyId, issuerKeyId, alternativeNames } = content
  const { basicConstraints, extendedKeyUsage, subjectKeyIdentifier } = ISSUED_EXTENSIONS
  return [
    encodeExtension(basicConstraints, true, sequenceOf()),
    keyUsage(isRsa ? SIGN_AND_ENCIPHER : SIGN, isRsa),
    encodeExtension(extendedKeyUsage, false, sequenceOf(objectIdentifier(PURPOSES[role]))),
    ...(alternativeNames
      ? [encodeExtension(ISSUED_EXTENSIONS.subjectAlternativeName, false, alternativeNames)]
      : []),
    encodeExtension(subjectKeyIdentifier, false, octetString(keyId)),
    authorityKeyIdentifier(issuerKeyId),
  ]
}

/** GeneralNames, or undefined where there are no names: an empty list is not allowed. */
export function encodeAlternativeNames(names: readonly HostName[]): Buffer | undefined {
  if (names.length === 0) return undefined
  return sequenceOf(
    ...names.map((name) =>
      name.kind === 'dns' ? implicit(2, Buffer.from(name.value, 'ascii')) : implicit(7, name.bytes),
    ),
  )
}

function keyUsage(
  [bits, unused]: readonly [bits: number, unused: number],
  critical: boolean,
): Buffer {
  return encodeExtension(
    ISSUED_EXTENSIONS.keyUsage,
    critical,
    bitString(Buffer.from([bits]), unused),
  )
}

/** Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }; DER omits a default. */
export function encodeExtension(identifier: string, critical: boolean, value: Buffer): Buffer {
  return sequenceOf(
    objectIdentifier(identifier),
    ...(critical ? [boolean(true)] : []),
    octetString(value),
  )
}
