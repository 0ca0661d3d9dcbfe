/**
 * Devices, one FULL section after the other. A device ends at its footer; the description behind the end
 * says whether that was right. Where it was not, or where there are no footers, the description alone
 * says where each device ends: so the bytes of the devices are kept until then.
 */
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import { decodeCommandOf } from './command-section.ts'
import { QEMU_VM } from './constants.ts'
import { DESCRIPTION_HEADER, DeviceSearch, type DeviceWalk } from './device-walk.ts'
import { decodeEnd } from './end.ts'
import { decodeFooter, FOOTER_LENGTH, passToFooter } from './footer.ts'
import { decodeIterated } from './iterated-section.ts'
import { endSection, type MainState, tellSection } from './main-state.ts'
import { decodeSectionHeader, isSectionType } from './section-header.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** Bytes of devices that are kept; the devices of a usual machine have less than one MiB. */
const MAX_KEPT = 64 * 1024 * 1024

/** Reads devices, and the section of another kind or the end behind them; says whether it was the end. */
export function* decodeDevices(input: StreamInput, state: MainState): Decoding<boolean> {
  if (!state.hasFooters) return yield* decodeWithoutFooters(input, state)
  const offset = input.offset
  input.mark(MAX_KEPT)
  try {
    return yield* decodeByFooters(input, state)
  } catch (error) {
    const isKept = input.offset - offset === input.marked
    if (!(error instanceof DiagnosticError && isKept)) throw error
    input.rewind()
    yield* decodeByDescription(input, state, error)
    return true
  } finally {
    input.release()
  }
}

function* decodeWithoutFooters(input: StreamInput, state: MainState): Decoding<boolean> {
  input.section = 'devices'
  const walk = yield* searchDescription(input, state)
  if (!walk) input.cut('an end and a description that says the sizes of these devices')
  tellWalk(input, state, walk)
  return true
}

function* decodeByFooters(input: StreamInput, state: MainState): Decoding<boolean> {
  for (;;) {
    const type = yield* input.peekUint8(NEXT)
    if (type === QEMU_VM.SECTION_FULL) yield* decodeDevice(input, state)
    else if (type === QEMU_VM.COMMAND) yield* decodeCommandOf(input, state)
    else if (type === QEMU_VM.EOF) return yield* decodeEndOfDevices(input, state)
    else if (isSectionType(type)) {
      yield* decodeIterated(input, state)
      return false
    } else input.refuse(NEXT, `0x${type.toString(16)}`)
  }
}

const NEXT = 'a section, a command or the end'

/** Nothing follows a description. Where something does, the description may stand within a device. */
function* decodeEndOfDevices(input: StreamInput, state: MainState): Decoding<boolean> {
  const isDescribed = yield* decodeEnd(input, state)
  if (!isDescribed || !(yield* input.has(1))) return true
  const end = input.offset
  const start = input.offset - input.marked
  if (input.marked === 0) return true
  input.rewind()
  yield* decodeLastDescription(input, state, end - start)
  return true
}

function* decodeDevice(input: StreamInput, state: MainState): Decoding {
  const header = yield* decodeSectionHeader(input, state.names)
  yield* passToFooter(input, header, state.names)
  yield* decodeFooter(input, header)
  tellSection(state, input, endSection(input, header, FOOTER_LENGTH))
}

/** @param error What is told where no description is found. */
function* decodeByDescription(
  input: StreamInput,
  state: MainState,
  error: DiagnosticError,
): Decoding {
  const walk = yield* searchDescription(input, state)
  if (!walk) throw error
  tellWalk(input, state, walk)
}

/** @param end Where the description ends that was found already; it holds where no other is found. */
function* decodeLastDescription(input: StreamInput, state: MainState, end: number): Decoding {
  const walk = yield* searchDescription(input, state, end)
  if (walk) tellWalk(input, state, walk)
  else input.skip(end)
}

/** Waits for a description whose sizes lead from here to it; gives undefined where none comes. */
function* searchDescription(
  input: StreamInput,
  { hasFooters, devices }: MainState,
  after = 0,
): Decoding<DeviceWalk | undefined> {
  const { offset } = input
  const earlier = [...devices].filter(([, section]) => section.offset < offset)
  const before = new Map(earlier.map(([device, { bodyLength }]) => [device, bodyLength]))
  const search = new DeviceSearch({ offset, hasFooters, before }, after)
  for (;;) {
    const walk = search.find(input.peek())
    if (walk || input.isEnded || input.available > MAX_KEPT) return walk
    yield
  }
}

function tellWalk(
  input: StreamInput,
  { emit }: MainState,
  { sections, description, endAt, descriptionLength }: DeviceWalk,
): void {
  const offset = input.offset + endAt
  emit({ type: 'devices-corrected', from: input.offset, sections })
  emit({ type: 'end', offset })
  emit({ type: 'description', offset: offset + 1, length: descriptionLength, description })
  input.skip(endAt + 1 + DESCRIPTION_HEADER + descriptionLength)
}
