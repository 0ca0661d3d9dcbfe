/**
 * Distinguished names as text, as GnuTLS prints them for QEMU: RFC 4514's words and escapes, but
 * in the order of the encoding (`C=UK,CN=qemu`).
 *
 * Rules of authorization compare this text, and the owner of a certificate may have chosen the values:
 * a comma within a value is `\,`, so that no value passes for two attributes. Strings of an old
 * encoding that cannot be printed are `\#` and their bytes, as GnuTLS has them.
 */
import {
  DER,
  type DerElement,
  readElements,
  readObjectIdentifier,
  requireTag,
} from '../asn1/der.ts'
import { decodeDirectoryString, withoutZero } from './directory-string.ts'

/** Attributes that GnuTLS knows; their values are strings of the tags, or of DIRECTORY_STRING where none is named. */
const ATTRIBUTES: Readonly<Record<string, readonly [name: string, ...tags: number[]]>> = {
  '2.5.4.6': ['C', DER.printableString],
  '2.5.4.9': ['street'],
  '2.5.4.12': ['title'],
  '2.5.4.10': ['O'],
  '2.5.4.11': ['OU'],
  '2.5.4.3': ['CN'],
  '2.5.4.7': ['L'],
  '2.5.4.8': ['ST'],
  '2.5.4.13': ['description'],
  '2.5.4.5': ['serialNumber', DER.printableString],
  '2.5.4.20': ['telephoneNumber', DER.printableString],
  '2.5.4.4': ['surName'],
  '2.5.4.43': ['initials'],
  '2.5.4.44': ['generationQualifier'],
  '2.5.4.42': ['givenName'],
  '2.5.4.65': ['pseudonym'],
  '2.5.4.46': ['dnQualifier', DER.printableString],
  '2.5.4.17': ['postalCode'],
  '2.5.4.41': ['name'],
  '2.5.4.15': ['businessCategory'],
  '0.9.2342.19200300.100.1.25': ['DC', DER.ia5String],
  '0.9.2342.19200300.100.1.1': ['UID'],
  '1.2.840.113556.1.4.656': ['userPrincipalName'],
  '1.3.6.1.4.1.311.60.2.1.1': ['jurisdictionOfIncorporationLocalityName'],
  '1.3.6.1.4.1.311.60.2.1.2': ['jurisdictionOfIncorporationStateOrProvinceName'],
  '1.3.6.1.4.1.311.60.2.1.3': ['jurisdictionOfIncorporationCountryName', DER.printableString],
  '1.2.840.113549.1.9.1': ['EMAIL', DER.ia5String],
  '1.3.6.1.5.5.7.8.5': ['XmppAddr', DER.utf8String],
  '1.2.643.100.1': ['OGRN', DER.numericString],
  '1.2.643.100.3': ['SNILS', DER.numericString],
  '1.2.643.100.5': ['OGRNIP', DER.numericString],
  '1.2.643.3.131.1.1': ['INN', DER.numericString],
  '1.2.840.113549.1.9.7': ['1.2.840.113549.1.9.7', DER.utf8String, DER.printableString],
  '1.2.840.113549.1.9.20': ['1.2.840.113549.1.9.20', DER.bmpString],
}

const DIRECTORY_STRING: readonly number[] = [
  ...[DER.utf8String, DER.printableString, DER.teletexString, DER.universalString, DER.bmpString],
]

export const COMMON_NAME = '2.5.4.3'
export const EMAIL_ADDRESS = '1.2.840.113549.1.9.1'

/** One attribute of a name. */
export type NameAttribute = {
  readonly identifier: string
  readonly value: DerElement
  /** The value as a string, or undefined where it is not one that is printed. */
  readonly text: string | undefined
}

/**
 * The attributes of a name in the order of the encoding, those of one relative name together.
 *
 * @throws RangeError where it is malformed.
 */
export function readName(name: Buffer): readonly (readonly NameAttribute[])[] {
  const [sequence] = readElements(name)
  return readElements(requireTag(sequence, DER.sequence).body).map((relative) =>
    readElements(requireTag(relative, DER.set).body).map(readAttribute),
  )
}

function readAttribute(element: DerElement): NameAttribute {
  const [type, value, ...others] = readElements(requireTag(element, DER.sequence).body)
  if (!type || !value || others.length > 0) throw new RangeError('a name has a bad attribute')
  const identifier = readObjectIdentifier(type)
  return { identifier, value, text: valueText(identifier, value) }
}

/**
 * A name as GnuTLS prints it in its old order.
 *
 * @throws RangeError where it is malformed.
 */
export function printName(name: Buffer): string {
  return readName(name)
    .map((relative) => relative.map(printAttribute).join('+'))
    .join(',')
}

function printAttribute({ identifier, value, text }: NameAttribute): string {
  const word = ATTRIBUTES[identifier]?.[0] ?? identifier
  return `${word}=${text === undefined ? hex(value.whole) : escapeValue(text)}`
}

function valueText(identifier: string, value: DerElement): string | undefined {
  const known = ATTRIBUTES[identifier]
  if (!known) return undefined
  const [, ...own] = known
  const tags = own.length > 0 ? own : DIRECTORY_STRING
  return tags.includes(value.tag) ? withoutZero(decodeString(value)) : undefined
}

/** Of an old encoding GnuTLS prints the bytes where it cannot read them, and always those of a UniversalString. */
function decodeString(value: DerElement): string | undefined {
  const { tag, body } = value
  if (tag === DER.universalString) return hex(body)
  const isOld = tag === DER.bmpString || tag === DER.teletexString
  return decodeDirectoryString(value) ?? (isOld ? hex(body) : undefined)
}

function hex(bytes: Buffer): string {
  return `#${bytes.toString('hex')}`
}

function escapeValue(text: string): string {
  return text.replace(/[,+"\\<>;]|^[# ]| $/g, '\\$&')
}
