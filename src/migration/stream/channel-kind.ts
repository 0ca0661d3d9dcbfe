/** Tells the channels of a migration apart by their first bytes. */
import { MIG_RP_MSG, MULTIFD_MAGIC, QEMU_VM_FILE_MAGIC } from './constants.ts'

export type ChannelKind = 'main' | 'multifd' | 'preempt' | 'return-path'

/** How many bytes tell the kinds of channels apart. */
export const DECIDING_BYTES = 8

/**
 * Gives undefined for bytes that are no channel.
 *
 * @param bytes The first ones, as many of them as there are up to `DECIDING_BYTES`.
 */
export function channelKindOf(bytes: Buffer): ChannelKind | undefined {
  if (bytes.length < 4) return undefined
  const first = bytes.readUInt32BE()
  if (first === QEMU_VM_FILE_MAGIC) return 'main'
  if (first === MULTIFD_MAGIC) return 'multifd'
  if (isStreamBehindZeros(bytes)) return 'main'
  const number = first >>> 16
  if (number !== 0)
    return Object.values(MIG_RP_MSG).some((known) => known === number) ? 'return-path' : undefined
  if (bytes.length < DECIDING_BYTES) return undefined
  // A page or the end of pages has a flag.
  return bytes.readUInt32BE(4) === 0 ? 'main' : 'preempt'
}

const MAGIC = Buffer.alloc(4)
MAGIC.writeUInt32BE(QEMU_VM_FILE_MAGIC)

/** As many zeros as a user likes may stand before a stream. No page has the flags that the magic would be. */
function isStreamBehindZeros(bytes: Buffer): boolean {
  const begin = bytes.findIndex((byte) => byte !== 0)
  const found = bytes.subarray(begin, begin + MAGIC.length)
  return begin > 0 && found.equals(MAGIC.subarray(0, found.length))
}
