/** Values of ASN.1 in DER (ITU-T X.690), on node-forge's ASN.1. */
import forge from 'node-forge'

const { asn1 } = forge
const { Class, Type } = asn1

/** A value of ASN.1. */
export type Asn1 = forge.asn1.Asn1

export function sequenceOf(...parts: readonly Asn1[]): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...parts])
}

export function setOf(...parts: readonly Asn1[]): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, [...parts])
}

/** `[n]` around a value, or in place of the tag of a set. */
export function explicit(tag: number, ...parts: readonly Asn1[]): Asn1 {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [...parts])
}

/** `[n]` in place of the tag of a primitive value. */
export function implicit(tag: number, bytes: Uint8Array): Asn1 {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, false, toBinary(bytes))
}

export function objectIdentifier(dotted: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes())
}

export function boolean(value: boolean): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.BOOLEAN, false, value ? '\xff' : '\x00')
}

export function nullValue(): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.NULL, false, '')
}

/** An integer from its bytes, the highest first; the highest bit is the sign. */
export function integer(bytes: Uint8Array): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, toBinary(bytes))
}

export function enumerated(value: number): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.ENUMERATED, false, String.fromCharCode(value))
}

export function octetString(bytes: Uint8Array): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, toBinary(bytes))
}

/** @param unused How many bits of the last byte do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Asn1 {
  const value = String.fromCharCode(unused) + toBinary(bytes)
  return asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, value)
}

export function utf8String(text: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.UTF8, false, toBinary(Buffer.from(text, 'utf8')))
}

/** A time as certificates have it: with two digits for the year up to 2049 (RFC 5280, 4.1.2.5). */
export function time(date: Date): Asn1 {
  const isShort = date.getUTCFullYear() < 2050
  const text = isShort ? asn1.dateToUtcTime(date) : asn1.dateToGeneralizedTime(date)
  const type = isShort ? Type.UTCTIME : Type.GENERALIZEDTIME
  return asn1.create(Class.UNIVERSAL, type, false, text as string)
}

export function encodeDer(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
}

/**
 * Reads a value that is to be written again as it is.
 *
 * @throws RangeError where it would not be: names are compared byte by byte, so that one in other
 *   than the shortest form would no longer be the same.
 */
export function decodeDer(bytes: Uint8Array): Asn1 {
  const value = asn1.fromDer(toBinary(bytes))
  if (!encodeDer(value).equals(bytes)) throw new RangeError('not in DER')
  return value
}

function toBinary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
