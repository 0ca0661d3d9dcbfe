/** What a client sends with a request of block status (NBD_CMD_BLOCK_STATUS with a payload). */
import type { StatusFilter } from '../../../src/nbd/protocol/chunks.ts'

export function encodeStatusFilter({ length, contextIds }: StatusFilter): Buffer {
  const bytes = Buffer.alloc(8 + 4 * contextIds.length)
  bytes.writeBigUInt64BE(BigInt(length))
  for (const [index, id] of contextIds.entries()) bytes.writeUInt32BE(id, 8 + 4 * index)
  return bytes
}
