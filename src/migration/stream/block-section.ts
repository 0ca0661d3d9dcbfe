/**
 * The section `block`: disks that are sent with the memory, as `migrate -b` did up to QEMU 9.0. What is on a
 * disk is in the hands of the guest, so its end is found by its form and not by the footer.
 */
import { BLK_MIG_FLAG } from './constants.ts'
import type { Emit } from './ram-setup.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** Addresses are multiples of this, and flags stand below. */
const SECTOR = 512

/** Bytes of a disk that are sent at once. */
const BLOCK = 0x10_0000

const ITEM = 'a block of a disk or the end of the section'

const KNOWN_FLAGS =
  BLK_MIG_FLAG.DEVICE_BLOCK | BLK_MIG_FLAG.EOS | BLK_MIG_FLAG.PROGRESS | BLK_MIG_FLAG.ZERO_BLOCK

/** Reads up to the mark of the end. */
export function* decodeBlockBody(input: StreamInput, emit: Emit): Decoding {
  for (;;) {
    const at = input.offset
    const header = yield* input.uint64(ITEM)
    const flags = header % SECTOR
    if (flags === BLK_MIG_FLAG.EOS) return
    if (flags === BLK_MIG_FLAG.PROGRESS) continue
    if ((flags & BLK_MIG_FLAG.DEVICE_BLOCK) === 0 || (flags & ~KNOWN_FLAGS) !== 0) {
      input.refuse(ITEM, `flags 0x${flags.toString(16)}`, at)
    }
    const device = yield* input.name('the name of a disk')
    const isZero = (flags & BLK_MIG_FLAG.ZERO_BLOCK) !== 0
    if (!isZero) yield* input.pass(BLOCK, `a block of the disk ${device}`)
    emit({ type: 'disk-block', device, address: header - flags, isZero })
  }
}
