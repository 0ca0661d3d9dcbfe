/** The headers of sections: START and FULL name a device, PART and END go on with it by its number. */
import { QEMU_VM, SECTION_KINDS, type SectionKind } from './constants.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** What a header says, with its length. */
export type SectionHeader = {
  readonly offset: number
  readonly kind: SectionKind
  readonly id: number
  readonly name: string
  readonly instance?: number
  readonly version?: number
  readonly length: number
}

/** A byte that begins a section. */
export type SectionType = keyof typeof SECTION_KINDS

export function isSectionType(type: number): type is SectionType {
  return Object.hasOwn(SECTION_KINDS, type)
}

/** More devices than any machine has: their names are kept. */
export const MAX_SECTION_IDS = 0x1_0000

/** The names of the sections that may go on, by their numbers. */
export type SectionNames = Map<number, string>

/** Reads it from its type on, which has arrived. */
export function* decodeSectionHeader(
  input: StreamInput,
  names: SectionNames,
): Decoding<SectionHeader> {
  const offset = input.offset
  const type = input.readUint8() as SectionType
  const kind = SECTION_KINDS[type]
  input.section = `section ${kind}`
  const id = yield* input.uint32('the number of the section')
  if (kind === 'PART' || kind === 'END') {
    const name =
      names.get(id) ?? input.refuse('the number of a section that has begun', `${id}`, offset + 1)
    input.section = `section ${name}`
    return { offset, kind, id, name, length: 5 }
  }
  return yield* decodeNamedHeader(input, names, { offset, kind, id })
}

function* decodeNamedHeader(
  input: StreamInput,
  names: SectionNames,
  begun: Pick<SectionHeader, 'offset' | 'kind' | 'id'>,
): Decoding<SectionHeader> {
  const name = yield* input.name('the name of the section')
  if (!isPlainName(name)) input.refuse('the name of a section', JSON.stringify(name))
  input.section = `section ${name}`
  const instance = yield* input.uint32('the instance of the section')
  const version = yield* input.uint32('the version of the section')
  names.set(begun.id, name)
  if (names.size > MAX_SECTION_IDS) {
    input.refuseLimit(`at most ${MAX_SECTION_IDS} sections`, `${names.size}`, begun.offset)
  }
  return { ...begun, name, instance, version, length: input.offset - begun.offset }
}

/** Names of devices are printable, so that other bytes are not taken for one. */
export function isPlainName(name: string): boolean {
  return /^[\x20-\x7e]+$/.test(name)
}

/** Whether a section header can begin where `bytes` begin; undefined where more bytes decide. */
export function looksLikeSection(bytes: Buffer, names: SectionNames): boolean | undefined {
  const type = bytes[0] ?? 0
  if (bytes.length < 5) return undefined
  if (type === QEMU_VM.SECTION_PART || type === QEMU_VM.SECTION_END) {
    return names.has(bytes.readUInt32BE(1))
  }
  const length = bytes[5]
  if (length === undefined) return undefined
  if (length === 0) return false
  const name = bytes.subarray(6, 6 + length)
  if (!isPlainName(name.toString('latin1')) && name.length > 0) return false
  return name.length < length ? undefined : true
}
