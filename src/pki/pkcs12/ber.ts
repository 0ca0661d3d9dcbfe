/**
 * PKCS #12 files may be in BER (RFC 7292 section 3.1): those of Mozilla's programs and of older
 * Windows have lengths that are not told beforehand, and texts in pieces.
 */
import forge from 'node-forge'
import { DER, type DerElement, readElements } from '../../asn1/der.ts'

/** PKCS #12 needs less than 20. */
const MAX_DEPTH = 64

/** Of the tag of a value in pieces. */
const CONSTRUCTED = 0x20

/** The same with lengths as DER has them. */
export function withLengths(bytes: Buffer): Buffer {
  const options = { strict: true, decodeBitStrings: false, maxDepth: MAX_DEPTH }
  const value = forge.asn1.fromDer(bytes.toString('latin1'), options as never)
  return Buffer.from(forge.asn1.toDer(value).getBytes(), 'latin1')
}

/**
 * The bytes of an octet string, in pieces or not.
 *
 * @param tag Of one that is not in pieces.
 */
export function readOctets(element: DerElement | undefined, tag: number = DER.octetString): Buffer {
  if (element?.tag === tag) return element.body
  if (element?.tag !== (tag | CONSTRUCTED))
    throw new RangeError('it has no octets where some are needed')
  return Buffer.concat(readElements(element.body).map((piece) => readOctets(piece)))
}
