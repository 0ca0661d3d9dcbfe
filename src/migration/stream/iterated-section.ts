/** A section of what is sent in several, START, PART and END: the guest's memory, or a device's own data. */
import { QEMU_VM, RAM_VERSION } from './constants.ts'
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
  if (header.name === 'ram') return yield* decodeRamSection(input, state, header)
  if (!state.hasFooters) input.refuse('a section with a footer', `${header.name} without one`)
  yield* passToFooter(input, header, state.names)
  yield* decodeFooter(input, header)
  tellSection(state, input, endSection(input, header, FOOTER_LENGTH))
}

function* decodeRamSection(input: StreamInput, state: MainState, header: SectionHeader): Decoding {
  if (header.version !== undefined && header.version !== RAM_VERSION) {
    input.refuse(`version ${RAM_VERSION} of RAM`, `${header.version}`, header.offset)
  }
  yield* decodeRamBody(input, state.ram, state.emit)
  if (!state.isFooterKnown) {
    state.hasFooters = (yield* input.peekUint8('a footer or a section')) === QEMU_VM.SECTION_FOOTER
    state.isFooterKnown = true
  }
  if (state.hasFooters) yield* decodeFooter(input, header)
  tellSection(state, input, endSection(input, header, state.hasFooters ? FOOTER_LENGTH : 0))
}
