/** A command of the main channel, and the package that one of them announces. */
import { decodeCommand } from './commands.ts'
import { QEMU_VM } from './constants.ts'
import { decodeFooter, FOOTER_LENGTH, passToFooter } from './footer.ts'
import { endSection, type MainState, tellSection } from './main-state.ts'
import { decodeSectionHeader, isSectionType } from './section-header.ts'
import { type Decoding, StreamInput } from './stream-input.ts'

/** Bytes: a package holds devices, and has to be whole before it is read. */
const MAX_PACKAGE = 64 * 1024 * 1024

/** Reads one from its type on, which has arrived. */
export function* decodeCommandOf(
  input: StreamInput,
  state: MainState,
  isPackaged = false,
): Decoding {
  input.skip(1)
  const command = yield* decodeCommand(input)
  if (command.command === 'POSTCOPY_ADVISE' && command.length === 16) {
    state.ram.hostPageSizes = command.data.readBigUInt64BE()
    state.ram.pageSize = Number(command.data.readBigUInt64BE(8))
  }
  state.emit({ type: 'command', ...command, isPackaged })
  if (command.packageLength !== undefined) {
    if (isPackaged) input.refuse('no package within a package', 'one', command.offset)
    yield* decodePackage(input, state, command.packageLength)
  }
}

function* decodePackage(input: StreamInput, state: MainState, length: number): Decoding {
  const { offset } = input
  if (length > MAX_PACKAGE) {
    input.refuseLimit(`a package of at most ${MAX_PACKAGE} bytes`, `${length}`, offset - 4)
  }
  yield* input.need(length, `a package of ${length} bytes`)
  state.emit({ type: 'package', offset, length })
  const inner = new StreamInput(offset)
  inner.push(input.readBytes(length))
  inner.end()
  yield* decodePackaged(inner, state)
}

/** All of a package has arrived, so that this never waits. */
function* decodePackaged(inner: StreamInput, state: MainState): Decoding {
  while (inner.available > 0) {
    const type = inner.peek()[0] ?? 0
    if (type === QEMU_VM.COMMAND) yield* decodeCommandOf(inner, state, true)
    else if (isSectionType(type)) yield* decodePackagedSection(inner, state)
    else inner.refuse('a section or a command in the package', `0x${type.toString(16)}`)
  }
}

function* decodePackagedSection(inner: StreamInput, state: MainState): Decoding {
  const header = yield* decodeSectionHeader(inner, state.names)
  yield* passToFooter(inner, header, state.names)
  yield* decodeFooter(inner, header)
  tellSection(state, inner, endSection(inner, header, FOOTER_LENGTH), true)
}
