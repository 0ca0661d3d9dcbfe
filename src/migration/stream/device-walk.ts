/** Finds the ends of devices by what the description says of their sizes. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ProtocolError } from '../../wire/protocol-error.ts'
import { QEMU_VM } from './constants.ts'
import { type Description, deviceKey, parseDescription } from './description.ts'
import type { Section } from './events.ts'
import { isPlainName } from './section-header.ts'

/** Devices up to the end of the stream, with the description that told their sizes. */
export type DeviceWalk = {
  readonly sections: readonly Section[]
  readonly description: Description
  /** From the first device on. */
  readonly endAt: number
  /** Of the JSON. */
  readonly descriptionLength: number
}

/** Bytes: larger than the description of any machine. */
export const MAX_DESCRIPTION = 16 * 1024 * 1024

/** How many places may look like a description, and how many are read, before the search is given up. */
const MAX_PLACES = 1024
const MAX_TRIES = 64

/** Type and length of the description, which stand before its JSON. */
export const DESCRIPTION_HEADER = 5

const END_AND_DESCRIPTION = Buffer.from([QEMU_VM.EOF, QEMU_VM.VMDESCRIPTION])

type Stream = {
  /** The offset of the first device. */
  readonly offset: number
  readonly hasFooters: boolean
  /** Sizes of the devices that were sent before, by `deviceKey`: a description has them too. */
  readonly before: ReadonlyMap<string, number>
}

/** Looks for the description in bytes that grow, and for devices of its sizes. */
export class DeviceSearch {
  readonly #stream: Stream
  #searched: number
  #places: number[] = []
  #tries = 0

  /** @param after Where the search begins. */
  constructor(stream: Stream, after = 0) {
    this.#stream = stream
    this.#searched = after
  }

  /** @param bytes From the first device on, with all that was there before. */
  find(bytes: Buffer): DeviceWalk | undefined {
    this.#addPlaces(bytes)
    const endOf = (place: number) => wholeDescriptionEnd(bytes, place) ?? Number.POSITIVE_INFINITY
    const whole = this.#places.filter((place) => endOf(place) <= bytes.length)
    this.#places = this.#places.filter((place) => !whole.includes(place))
    // The one that is whole first, so that the size of the parts makes no difference.
    for (const place of whole.sort((a, b) => endOf(a) - endOf(b))) {
      if (++this.#tries > MAX_TRIES) return undefined
      const walk = walkTo(bytes, place, this.#stream)
      if (walk) return walk
    }
    return undefined
  }

  #addPlaces(bytes: Buffer): void {
    const ready = bytes.length - END_AND_DESCRIPTION.length - 5
    let at = bytes.indexOf(END_AND_DESCRIPTION, this.#searched)
    while (at >= 0 && at <= ready) {
      if (isDescriptionAt(bytes, at) && this.#places.length < MAX_PLACES) this.#places.push(at)
      at = bytes.indexOf(END_AND_DESCRIPTION, at + 1)
    }
    this.#searched = Math.max(this.#searched, ready + 1)
  }
}

function isDescriptionAt(bytes: Buffer, endAt: number): boolean {
  const isObject = bytes[endAt + 1 + DESCRIPTION_HEADER] === 0x7b
  return isObject && bytes.readUInt32BE(endAt + 2) <= MAX_DESCRIPTION
}

/** Where it ends; undefined where it has not arrived. */
function wholeDescriptionEnd(bytes: Buffer, endAt: number): number | undefined {
  const end = endAt + 1 + DESCRIPTION_HEADER + bytes.readUInt32BE(endAt + 2)
  return end <= bytes.length ? end : undefined
}

function walkTo(bytes: Buffer, endAt: number, stream: Stream): DeviceWalk | undefined {
  const descriptionLength = bytes.readUInt32BE(endAt + 2)
  const jsonAt = endAt + 1 + DESCRIPTION_HEADER
  const description = parseDescription(bytes.subarray(jsonAt, jsonAt + descriptionLength))
  const sections = description && walkDevices(bytes.subarray(0, endAt), description, stream)
  return sections && { sections, description, endAt, descriptionLength }
}

/** Gives undefined where the sizes of the description do not lead over all its devices to the end. */
function walkDevices(
  bytes: Buffer,
  description: Description,
  stream: Stream,
): readonly Section[] | undefined {
  const sizes = new Map(
    description.devices.map(({ name, instance, size }) => [deviceKey(name, instance), size]),
  )
  // One of the stream cannot be two of the description.
  if (sizes.size < description.devices.length) return undefined
  const reader = new ByteReader(bytes, 'devices')
  const sections: Section[] = []
  try {
    while (reader.remaining > 0) {
      const type = reader.readUint8()
      if (type === QEMU_VM.COMMAND) passCommand(reader)
      else if (type !== QEMU_VM.SECTION_FULL) return undefined
      else sections.push(walkDevice(reader, sizes, stream))
    }
    for (const { name, instance = 0 } of sections) sizes.delete(deviceKey(name, instance))
    return isSameDevices(sizes, stream.before) ? sections : undefined
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function isSameDevices(
  described: ReadonlyMap<string, number | undefined>,
  sent: ReadonlyMap<string, number>,
): boolean {
  const isSent = ([device, size]: [string, number | undefined]) =>
    sent.has(device) && (size === undefined || size === sent.get(device))
  return described.size === sent.size && [...described].every(isSent)
}

function passCommand(reader: ByteReader): void {
  reader.readUint16()
  reader.readVector(2)
}

/** @throws ProtocolError where the device does not lie here as it is described. */
function walkDevice(
  reader: ByteReader,
  sizes: ReadonlyMap<string, number | undefined>,
  { offset, hasFooters }: Stream,
): Section {
  const start = reader.offset - 1
  const id = reader.readUint32()
  const name = reader.readVector(1).toString('latin1')
  const instance = reader.readUint32()
  const version = reader.readUint32()
  const bodyLength = sizes.get(deviceKey(name, instance))
  if (bodyLength === undefined || !isPlainName(name)) throw new ProtocolError('another device')
  reader.readBytes(bodyLength)
  if (hasFooters) passFooter(reader, id)
  const length = reader.offset - start
  return {
    offset: offset + start,
    kind: 'FULL',
    id,
    name,
    instance,
    version,
    length,
    bodyLength,
    hasFooter: hasFooters,
  }
}

function passFooter(reader: ByteReader, id: number): void {
  const type = reader.readUint8()
  const found = reader.readUint32()
  if (type !== QEMU_VM.SECTION_FOOTER || found !== id) throw new ProtocolError('no footer')
}
