/**
 * The main channel: what a source sends, from its first byte to the description behind the end.
 *
 * A command is told as soon as it is there, so that a receiver can answer it. The end is told at its
 * mark. Bytes behind that mark can still show that it was part of a device; then `devices-corrected`
 * and another end follow.
 */
import { decodeCommandOf } from './command-section.ts'
import { decodeConfiguration } from './configuration.ts'
import { QEMU_VM } from './constants.ts'
import { ChannelDecoder } from './decoder.ts'
import { decodeDevices } from './devices.ts'
import { decodeEnd, passTrailing } from './end.ts'
import type { MachineConfiguration } from './events.ts'
import { decodeHeader, passZeros } from './header.ts'
import { decodeIterated } from './iterated-section.ts'
import { createMainState, type MainOptions, type MainState } from './main-state.ts'
import type { Emit } from './ram-setup.ts'
import { isSectionType } from './section-header.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** What follows a section. */
const NEXT = 'a section, a command or the end'

/** @param start The number of the first byte that is pushed. */
export function createMainDecoder(
  emit: Emit,
  options: MainOptions = {},
  start = 0,
): ChannelDecoder {
  return new ChannelDecoder((input) => decodeMain(input, createMainState(emit, options)), start)
}

function* decodeMain(input: StreamInput, state: MainState): Decoding {
  yield* passZeros(input)
  const offset = input.offset
  state.emit({ type: 'header', offset, version: yield* decodeHeader(input) })
  if ((yield* input.peekUint8(NEXT)) === QEMU_VM.CONFIGURATION) yield* decodeAgreement(input, state)
  while (!(yield* decodePart(input, state)));
  yield* passTrailing(input, state)
}

/** The configuration says how RAM sections are read. */
function* decodeAgreement(input: StreamInput, { emit, ram }: MainState): Decoding {
  const offset = input.offset
  input.skip(1)
  const configuration: MachineConfiguration = yield* decodeConfiguration(input)
  ram.pageSize = configuration.pageSize ?? ram.pageSize
  ram.hasAddresses = configuration.capabilities?.includes('x-ignore-shared') ?? false
  ram.isMapped = configuration.capabilities?.includes('mapped-ram') ?? false
  emit({ type: 'configuration', offset, configuration })
}

/** Reads a section, a command, or all devices in a row; says whether the stream has ended. */
function* decodePart(input: StreamInput, state: MainState): Decoding<boolean> {
  input.section = 'stream'
  const type = yield* input.peekUint8(NEXT)
  if (type === QEMU_VM.SECTION_FULL) return yield* decodeDevices(input, state)
  if (type === QEMU_VM.EOF) {
    yield* decodeEnd(input, state)
    return true
  }
  if (type === QEMU_VM.COMMAND) yield* decodeCommandOf(input, state)
  else if (isSectionType(type)) yield* decodeIterated(input, state)
  else input.refuse('a section, a command or the end', `0x${type.toString(16)}`)
  return false
}
