/** The first eight bytes of a main channel: magic and version. */
import { QEMU_VM_FILE_MAGIC, QEMU_VM_FILE_VERSION } from './constants.ts'
import { refuseStream } from './stream-diagnostics.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** Passes zeros, such as stand before a stream that was written with `file:F,offset=N`. */
export function* passZeros(input: StreamInput): Decoding {
  while (yield* input.has(1)) {
    const bytes = input.peek()
    const first = bytes.findIndex((byte) => byte !== 0)
    input.skip(first < 0 ? bytes.length : first)
    if (first >= 0) return
  }
}

/** Gives the version. */
export function* decodeHeader(input: StreamInput): Decoding<number> {
  const offset = input.offset
  const magic = yield* input.uint32('the magic "QEVM"')
  if (magic !== QEMU_VM_FILE_MAGIC) {
    const found = `0x${magic.toString(16).padStart(8, '0')}`
    refuseStream('notAStream', { offset, section: 'header', expected: 'the magic "QEVM"', found })
  }
  const version = yield* input.uint32('the version of the stream')
  if (version !== QEMU_VM_FILE_VERSION) {
    input.refuse(`version ${QEMU_VM_FILE_VERSION}`, `version ${version}`, offset + 4)
  }
  return version
}
