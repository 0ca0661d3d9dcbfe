/** Reads DER (ITU-T X.690): just enough for certificates and saved sessions. */

export type DerElement = {
  readonly tag: number
  readonly body: Buffer
}

/**
 * The elements that stand one after the other.
 *
 * @throws RangeError where the bytes end within an element.
 */
export function readElements(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at)
    const { length, start } = readLength(bytes, at + 1)
    if (start + length > bytes.length) throw new RangeError('DER ends within an element')
    elements.push({ tag, body: bytes.subarray(start, start + length) })
    at = start + length
  }
  return elements
}

/** The elements within the first element. */
export function readSequence(bytes: Buffer): readonly DerElement[] {
  const [first] = readElements(bytes)
  return first ? readElements(first.body) : []
}

/** An object identifier in dotted form. */
export function readObjectIdentifier({ body }: DerElement): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of body) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [first = 0, ...rest] = arcs
  const top = Math.min(2, Math.floor(first / 40))
  return [top, first - 40 * top, ...rest].join('.')
}

function readLength(bytes: Buffer, at: number): { length: number; start: number } {
  const first = bytes.readUInt8(at)
  if (first < 0x80) return { length: first, start: at + 1 }
  const size = first & 0x7f
  return { length: bytes.readUIntBE(at + 1, size), start: at + 1 + size }
}
