/**
 * The section `dirty-bitmap`: which parts of disks have changed. The guest decides that by what it writes,
 * so its end is found by its form and not by the footer.
 */
import { DIRTY_BITMAP_MIG } from './constants.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

const { EOS, ZEROES, BITMAP_NAME, DEVICE_NAME, START, COMPLETE, BITS } = DIRTY_BITMAP_MIG

const ITEM = 'a part of a dirty bitmap or the end of the section'

/** A part has one of these forms, or is the end alone. */
const FORMS = START | COMPLETE | BITS

/** Reads up to the part that says that it is the last. */
export function* decodeDirtyBitmapBody(input: StreamInput): Decoding {
  for (;;) {
    const at = input.offset
    const flags = yield* input.uint8(ITEM)
    const form = flags & FORMS
    const isKnown = (flags & ~KNOWN) === 0 && [0, START, COMPLETE, BITS].includes(form)
    if (!isKnown || flags === 0) input.refuse(ITEM, `flags 0x${flags.toString(16)}`, at)
    if (flags & DEVICE_NAME) yield* input.name('the name of a node')
    if (flags & BITMAP_NAME) yield* input.name('the name of a bitmap')
    if (form === START) yield* input.pass(START_LENGTH, 'the granularity of a bitmap')
    if (form === BITS) yield* decodeBits(input, (flags & ZEROES) !== 0)
    if (flags & EOS) return
  }
}

const KNOWN = EOS | ZEROES | BITMAP_NAME | DEVICE_NAME | FORMS

/** A granularity of 4 bytes and flags of the bitmap. */
const START_LENGTH = 5

/** Start and number of sectors, and their bits where any is set. */
function* decodeBits(input: StreamInput, areZero: boolean): Decoding {
  yield* input.pass(12, 'the sectors of a part of a bitmap')
  if (areZero) return
  const length = yield* input.uint64('the length of a part of a bitmap')
  yield* input.pass(length, `${length} bytes of a bitmap`)
}
