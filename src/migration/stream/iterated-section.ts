/** A section of what is sent in several, START, PART and END: the guest's memory, or a device's own data. */
import { decodeBlockBody } from './block-section.ts'
import { QEMU_VM, RAM_VERSION } from './constants.ts'
import { decodeDirtyBitmapBody } from './dirty-bitmap-section.ts'
import { decodeFooter, FOOTER_LENGTH, passToFooter } from './footer.ts'
import { endSection, type MainState, tellSection } from './main-state.ts'
import { decodeRamBody } from './ram-pages.ts'
import { decodeSectionHeader, type SectionHeader } from './section-header.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** Reads one from its type on, which has arrived. */
export function* decodeIterated(input: StreamInput, state: MainState): Decoding {
  const header = yield* decodeSectionHeader(input, state.names)
  // What has ended does not go on.
  if (header.kind === 'END') state.names.delete(header.id)
  if (header.name === 'ram') yield* decodeRamSection(input, state, header)
  else if (header.name === 'block') yield* decodeBlockBody(input, state.emit)
  else if (header.name === 'dirty-bitmap') yield* decodeDirtyBitmapBody(input)
  else yield* passUnknownBody(input, state, header)
  const hasFooter = yield* expectsFooter(input, state, header)
  if (hasFooter) yield* decodeFooter(input, header)
  tellSection(state, input, endSection(input, header, hasFooter ? FOOTER_LENGTH : 0))
}

function* decodeRamSection(input: StreamInput, state: MainState, header: SectionHeader): Decoding {
  if (header.version !== undefined && header.version !== RAM_VERSION) {
    input.refuse(`version ${RAM_VERSION} of RAM`, `${header.version}`, header.offset)
  }
  yield* decodeRamBody(input, state.ram, state.emit)
}

function* passUnknownBody(input: StreamInput, state: MainState, header: SectionHeader): Decoding {
  if (!state.hasFooters) input.refuse('a section with a footer', `${header.name} without one`)
  yield* passToFooter(input, header, state.names)
}

/** Sections whose bodies are read, not searched for a footer. */
const KNOWN_FORMS: ReadonlySet<string> = new Set(['ram', 'block', 'dirty-bitmap'])

/** The first section whose end is known by its form shows whether sections have footers. */
function* expectsFooter(
  input: StreamInput,
  state: MainState,
  { name }: SectionHeader,
): Decoding<boolean> {
  const isKnownForm = KNOWN_FORMS.has(name)
  if (isKnownForm && !state.isFooterKnown) {
    const next = yield* input.peekUint8('a footer or a section')
    state.hasFooters = next === QEMU_VM.SECTION_FOOTER
    state.isFooterKnown = true
  }
  return state.hasFooters
}
