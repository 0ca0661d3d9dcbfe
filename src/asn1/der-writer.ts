/** Writes DER (ITU-T X.690): each function gives the bytes of one whole element. */
import { DER } from './der.ts'

/** The bit of a tag that says that elements stand within. */
const CONSTRUCTED = 0x20
const CONTEXT_SPECIFIC = 0x80

/** An element of any tag of one byte, with the bytes that stand within it. */
export function encodeElement(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.from([tag, ...encodeLength(length)]), ...parts])
}

/** The shortest form (X.690 section 10.1). */
function encodeLength(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256)
  return [0x80 | bytes.length, ...bytes]
}

export function sequenceOf(...parts: readonly Uint8Array[]): Buffer {
  return encodeElement(DER.sequence, ...parts)
}

/** SET OF: DER sorts the elements by their bytes (X.690 section 11.6). */
export function setOf(...parts: readonly Uint8Array[]): Buffer {
  return encodeElement(DER.set, ...parts.toSorted(Buffer.compare))
}

/** `[n] EXPLICIT`: a tag around whole elements. */
export function explicit(number: number, ...parts: readonly Uint8Array[]): Buffer {
  return encodeElement(CONTEXT_SPECIFIC | CONSTRUCTED | number, ...parts)
}

/** `[n] IMPLICIT` of a primitive type: a tag in place of that of the type. */
export function implicit(number: number, body: Uint8Array): Buffer {
  return encodeElement(CONTEXT_SPECIFIC | number, body)
}

/**
 * An object identifier from its dotted form. Arcs have any size.
 *
 * @throws RangeError where it is not one.
 */
export function objectIdentifier(dotted: string): Buffer {
  if (!/^[0-2](\.(0|[1-9]\d*))+$/.test(dotted)) {
    throw new RangeError(`${dotted} is no object identifier`)
  }
  const [top = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt)
  if (top < 2n && second > 39n) throw new RangeError(`${dotted} is no object identifier`)
  const arcs = [top * 40n + second, ...rest]
  return encodeElement(DER.objectIdentifier, Buffer.from(arcs.flatMap(encodeArc)))
}

/** Seven bits a byte; each byte but the last has its highest bit set. */
function encodeArc(arc: bigint): readonly number[] {
  const bytes = [Number(arc & 0x7fn)]
  for (let left = arc >> 7n; left > 0n; left >>= 7n) bytes.unshift(Number(left & 0x7fn) | 0x80)
  return bytes
}

export function boolean(value: boolean): Buffer {
  return encodeElement(DER.boolean, Buffer.from([value ? 0xff : 0]))
}

export function nullValue(): Buffer {
  return encodeElement(DER.null)
}

/** An integer from its bytes in two's complement, the highest first. */
export function integer(bytes: Uint8Array): Buffer {
  return encodeElement(DER.integer, shortest(bytes))
}

/** A number that is not negative. */
export function unsignedInteger(value: bigint | number): Buffer {
  if (value < 0) throw new RangeError('the number is negative')
  const hex = value.toString(16)
  return integer(Buffer.from(`00${hex.length % 2 ? '0' : ''}${hex}`, 'hex'))
}

/** Without the bytes in front that only repeat the sign (X.690 section 8.3.2). */
function shortest(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start + 1 < bytes.length && repeatsSign(bytes[start], bytes[start + 1])) start++
  return bytes.length === 0 ? Buffer.from([0]) : bytes.subarray(start)
}

function repeatsSign(byte = 0, next = 0): boolean {
  return byte === (next < 0x80 ? 0 : 0xff)
}

export function enumerated(value: number): Buffer {
  return encodeElement(DER.enumerated, shortest(Buffer.from([0, value])))
}

export function octetString(bytes: Uint8Array): Buffer {
  return encodeElement(DER.octetString, bytes)
}

/** @param unused How many bits of the last byte do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Buffer {
  return encodeElement(DER.bitString, Buffer.from([unused]), bytes)
}

export function utf8String(text: string): Buffer {
  return encodeElement(DER.utf8String, Buffer.from(text, 'utf8'))
}

/** A time as certificates have it: with two digits for the year up to 2049 (RFC 5280, 4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  const year = date.getUTCFullYear()
  return year >= 1950 && year < 2050
    ? encodeElement(DER.utcTime, Buffer.from(digits.slice(2)))
    : encodeElement(DER.generalizedTime, Buffer.from(digits))
}
