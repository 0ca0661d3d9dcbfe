/**
 * The footers of sections. The body of a device has no length: it ends where its footer stands, followed
 * by something that can follow a section.
 */
import { looksLikeCommand } from './commands.ts'
import { QEMU_VM } from './constants.ts'
import {
  isSectionType,
  looksLikeSection,
  type SectionHeader,
  type SectionNames,
} from './section-header.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** Bytes of a footer: its type and the number of its section. */
export const FOOTER_LENGTH = 5

/** Reads the footer that has to come here. */
export function* decodeFooter(input: StreamInput, { id, name }: SectionHeader): Decoding {
  const expected = `the footer of section ${name}`
  const at = input.offset
  const type = yield* input.uint8(expected)
  if (type !== QEMU_VM.SECTION_FOOTER) input.refuse(expected, `0x${type.toString(16)}`, at)
  const found = yield* input.uint32(expected)
  if (found !== id) input.refuse(`${expected} with number ${id}`, `number ${found}`, at + 1)
}

/** Passes the body of a section that is not known, up to its footer. */
export function* passToFooter(
  input: StreamInput,
  header: SectionHeader,
  names: SectionNames,
): Decoding {
  const footer = footerOf(header.id)
  for (;;) {
    const { found, next } = findFooter(input, footer, header, names)
    input.skip(next)
    if (found) return
    if (input.isEnded) input.cut(`the footer of section ${header.name}`)
    yield
  }
}

function footerOf(id: number): Buffer {
  const footer = Buffer.alloc(FOOTER_LENGTH)
  footer.writeUInt8(QEMU_VM.SECTION_FOOTER)
  footer.writeUInt32BE(id, 1)
  return footer
}

/** How many bytes belong to the body for certain, and whether the footer follows them. */
function findFooter(
  input: StreamInput,
  footer: Buffer,
  header: SectionHeader,
  names: SectionNames,
): { readonly found: boolean; readonly next: number } {
  const bytes = input.peek()
  let at = bytes.indexOf(footer)
  while (at >= 0) {
    const rest = bytes.subarray(at + FOOTER_LENGTH)
    const verdict = canFollow(rest, header, names) ?? (input.isEnded || undefined)
    if (verdict !== false) return { found: verdict === true, next: at }
    at = bytes.indexOf(footer, at + 1)
  }
  return { found: false, next: Math.max(0, bytes.length - (FOOTER_LENGTH - 1)) }
}

/** Whether bytes can follow a footer; undefined where more bytes decide. */
function canFollow(
  bytes: Buffer,
  { kind }: SectionHeader,
  names: SectionNames,
): boolean | undefined {
  const type = bytes[0]
  if (type === undefined) return undefined
  // The end comes after devices, or after the last part of what goes on.
  if (type === QEMU_VM.EOF) return kind === 'FULL' || kind === 'END'
  if (type === QEMU_VM.COMMAND) return looksLikeCommand(bytes)
  return isSectionType(type) ? looksLikeSection(bytes, names) : false
}
