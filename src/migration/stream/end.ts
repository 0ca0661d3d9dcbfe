/** The end of the stream, and the description that may follow it. */
import { QEMU_VM } from './constants.ts'
import { type Description, deviceKey, parseDescription } from './description.ts'
import { DESCRIPTION_HEADER, MAX_DESCRIPTION } from './device-walk.ts'
import type { MainState } from './main-state.ts'
import { refuseStream } from './stream-diagnostics.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** Reads from the mark of the end on; says whether a description followed. */
export function* decodeEnd(input: StreamInput, state: MainState): Decoding<boolean> {
  state.emit({ type: 'end', offset: input.offset })
  input.skip(1)
  input.section = 'end'
  if (!(yield* input.has(1))) return false
  const offset = input.offset
  const type = yield* input.uint8('the description')
  if (type !== QEMU_VM.VMDESCRIPTION) {
    input.refuse('the description or nothing', `0x${type.toString(16)}`, offset)
  }
  input.section = 'description'
  const length = yield* input.uint32('the length of the description')
  if (length > MAX_DESCRIPTION) {
    const expected = `a description of at most ${MAX_DESCRIPTION} bytes`
    input.refuseLimit(expected, `${length}`, offset + 1)
  }
  yield* input.need(length, `${length} bytes of JSON`)
  const description = parseDescription(input.readBytes(length))
  if (!description) {
    const expected = 'JSON with a list of devices and their sizes'
    input.refuse(expected, 'something else', offset + DESCRIPTION_HEADER)
  }
  checkSizes(description, offset, state)
  state.emit({ type: 'description', offset, length, description })
  return true
}

/** Holds the sections against the description, so that a footer within a device is noticed. */
function checkSizes({ devices }: Description, at: number, state: MainState): void {
  const sections = new Map(state.devices)
  for (const { name, instance, size } of devices) {
    const section = sections.get(deviceKey(name, instance))
    sections.delete(deviceKey(name, instance))
    if (section && (size === undefined || size === section.bodyLength)) continue
    refuseStream('sizesDiffer', {
      offset: section?.offset ?? at,
      section: `section ${name}`,
      expected: `${size ?? 'some'} bytes of instance ${instance}`,
      found: section ? `${section.bodyLength}` : 'no such section',
    })
  }
  for (const { offset, name, bodyLength } of sections.values()) {
    const expected = 'nothing of this device'
    refuseStream('sizesDiffer', {
      offset,
      section: `section ${name}`,
      expected,
      found: `${bodyLength} bytes`,
    })
  }
}

/** Counts what follows all that QEMU reads. */
export function* passTrailing(input: StreamInput, state: MainState): Decoding {
  const offset = input.offset
  while (yield* input.has(1)) input.skip(input.available)
  const count = input.offset - offset
  if (count > 0) state.emit({ type: 'trailing', offset, count })
}
