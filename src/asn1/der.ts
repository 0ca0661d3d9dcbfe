/**
 * Reads DER (ITU-T X.690): just enough for certificates and saved sessions. What peers send is
 * hostile: whatever is not well-formed throws, nothing is read beyond its element.
 */

export type DerElement = {
  readonly tag: number
  readonly body: Buffer
  /** With the tag and the length. */
  readonly whole: Buffer
}

/** Tags of the types that certificates are made of. */
export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
} as const

/**
 * The elements that stand one after the other.
 *
 * @throws RangeError where the bytes end within an element, or no certificate has such a tag.
 */
export function readElements(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at)
    if ((tag & 0x1f) === 0x1f) throw new RangeError('DER has a tag of many bytes')
    if (at + 1 >= bytes.length) throw new RangeError('DER ends behind a tag')
    const { length, start } = readLength(bytes, at + 1)
    const end = start + length
    if (end > bytes.length) throw new RangeError('DER ends within an element')
    elements.push({ tag, body: bytes.subarray(start, end), whole: bytes.subarray(at, end) })
    at = end
  }
  return elements
}

/** The elements within the first element. */
export function readSequence(bytes: Buffer): readonly DerElement[] {
  const [first] = readElements(bytes)
  return first ? readElements(first.body) : []
}

/**
 * The elements within bytes that are one element of the tag and no more.
 *
 * @throws RangeError where they are something else.
 */
export function readOnly(bytes: Buffer, tag: number): readonly DerElement[] {
  const elements = readElements(bytes)
  const [first] = elements
  if (elements.length !== 1 || !first) throw new RangeError('DER is not one element')
  return readElements(requireTag(first, tag).body)
}

/**
 * The element itself.
 *
 * @throws RangeError where there is none or it has another tag.
 */
export function requireTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag === tag) return element
  throw new RangeError(`DER has no element of tag ${tag} where one is needed`)
}

/** A small number that is not negative, such as a length of a path. */
export function readSmallInteger(element: DerElement | undefined): number {
  const { body } = requireTag(element, DER.integer)
  if (body.length === 0 || body.length > 4 || body.readInt8(0) < 0) {
    throw new RangeError('DER has a number that is too large or negative')
  }
  return body.readUIntBE(0, body.length)
}

export function readBoolean(element: DerElement): boolean {
  const { body } = requireTag(element, DER.boolean)
  if (body.length !== 1) throw new RangeError('DER has a boolean of many bytes')
  return body[0] !== 0
}

/** The numbers of the bits that are set, the first bit being 0. */
export function readBits(element: DerElement): readonly number[] {
  const { body } = requireTag(element, DER.bitString)
  if (body.length === 0) throw new RangeError('DER has a bit string without its first byte')
  return [...body.subarray(1)].flatMap((byte, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => (byte & (0x80 >> bit) ? [at * 8 + bit] : [])),
  )
}

/** Longer ones exist in attacks only: each byte would cost as much as all before it. */
const MAX_IDENTIFIER = 128

/**
 * An object identifier in dotted form. Arcs have any size: rounded ones would make different
 * identifiers equal.
 *
 * @throws RangeError where it is empty, too long or ends within an arc.
 */
export function readObjectIdentifier({ tag, body }: DerElement): string {
  const isWhole = body.length > 0 && body.length <= MAX_IDENTIFIER && !((body.at(-1) ?? 0) & 0x80)
  if (tag !== DER.objectIdentifier || !isWhole) throw new RangeError('DER has a bad identifier')
  const arcs: bigint[] = []
  let arc = 0n
  for (const byte of body) {
    arc = (arc << 7n) | BigInt(byte & 0x7f)
    if (byte & 0x80) continue
    arcs.push(arc)
    arc = 0n
  }
  const [first = 0n, ...rest] = arcs
  const top = first < 80n ? first / 40n : 2n
  return [top, first - 40n * top, ...rest].join('.')
}

/**
 * UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 wants them.
 *
 * @throws RangeError where it is neither.
 */
export function readTime(element: DerElement | undefined): Date {
  const text = element?.body.toString('latin1') ?? ''
  const long = element?.tag === DER.utcTime ? `${text < '5' ? 20 : 19}${text}` : text
  const isTime = element?.tag === DER.utcTime || element?.tag === DER.generalizedTime
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(long)
  if (!isTime || !parts) throw new RangeError('DER has a malformed time')
  const [, year, month, day, hour, minute, second] = parts
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(date.getTime())) throw new RangeError('DER has a malformed time')
  return date
}

function readLength(bytes: Buffer, at: number): { length: number; start: number } {
  const first = bytes.readUInt8(at)
  if (first < 0x80) return { length: first, start: at + 1 }
  const size = first & 0x7f
  if (size === 0 || size > 6) throw new RangeError('DER has a length that it cannot have')
  if (at + size >= bytes.length) throw new RangeError('DER ends within a length')
  return { length: bytes.readUIntBE(at + 1, size), start: at + 1 + size }
}
