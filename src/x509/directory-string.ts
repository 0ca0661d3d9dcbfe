/** Texts of attributes in every type of string that certificates have had (X.520, RFC 5280 4.1.2.4). */
import { isUtf8 } from 'node:buffer'
import { DER, type DerElement } from '../asn1/der.ts'

/** The text, or undefined where there is none or its encoding is in doubt. */
export function readDirectoryString(value: DerElement): string | undefined {
  return withoutZero(decodeDirectoryString(value))
}

/** A zero byte ends a string for programs in C: `qemu\0.evil` must not be taken for `qemu`. */
export function withoutZero(text: string | undefined): string | undefined {
  return text?.includes('\0') ? undefined : text
}

/** The text with its zero bytes, or undefined where the encoding is in doubt. */
export function decodeDirectoryString({ tag, body }: DerElement): string | undefined {
  switch (tag) {
    case DER.utf8String:
    case DER.printableString:
    case DER.ia5String:
    case DER.numericString:
      // Bytes that are not UTF-8 would all become the same replacement character.
      return isUtf8(body) ? body.toString('utf8') : undefined
    case DER.bmpString:
      return decodeBmp(body)
    case DER.teletexString:
      return isPrintable(body) ? body.toString('latin1') : undefined
    case DER.universalString:
      return decodeUniversal(body)
    default:
      return undefined
  }
}

/** UTF-16; half a pair has no text. */
function decodeBmp(body: Buffer): string | undefined {
  if (body.length % 2) return undefined
  const text = Buffer.from(body).swap16().toString('utf16le')
  return text.isWellFormed() ? text : undefined
}

/** Beyond ASCII programs disagree on what the bytes of a TeletexString mean. */
function isPrintable(bytes: Buffer): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
}

/** UTF-32. */
function decodeUniversal(body: Buffer): string | undefined {
  if (body.length % 4) return undefined
  const points = Array.from({ length: body.length / 4 }, (_, at) => body.readUInt32BE(at * 4))
  const isText = points.every((point) => point < 0x110000 && (point & 0x1ff800) !== 0xd800)
  return isText ? points.map((point) => String.fromCodePoint(point)).join('') : undefined
}
