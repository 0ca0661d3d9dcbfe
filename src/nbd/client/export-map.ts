/** The map of a whole export: where data is and where holes are. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Extent } from '../protocol/chunks.ts'
import { NBD_CMD } from '../protocol/constants.ts'
import { NBD_CLIENT_KINDS } from './client-diagnostics.ts'
import type { NbdClient } from './nbd-client.ts'

export type MappedExtent = Extent & {
  /** In bytes. */
  readonly offset: number
}

/** A server could tell of a hole every other byte, and fill the memory with them. */
const EXTENT_LIMIT = 1_000_000

/**
 * Every run of the same status, in order.
 *
 * @throws DiagnosticError NBD_NOT_SUPPORTED where the server does not tell.
 */
export async function mapExport(client: NbdClient): Promise<readonly MappedExtent[]> {
  const { info, server } = client
  if (!client.hasBlockStatus) {
    fail(NBD_CLIENT_KINDS.cannotDo, { server, command: NBD_CMD.BLOCK_STATUS })
  }
  const extents: MappedExtent[] = []
  const { minimum } = info.blockSizes
  for (let at = 0; at < info.size; ) {
    // What comes behind an extent that ends within a block is asked about from that block on.
    const start = at - (at % minimum)
    const before = at
    let border = start
    for (const { length, status } of await client.blockStatus(start, info.size - start)) {
      border += length
      addExtent(extents, { offset: at, length: border - at, status })
      at = Math.max(at, border)
    }
    if (at === before) {
      at = Math.min(start + minimum, info.size)
      addExtent(extents, { offset: before, length: at - before, status: 0 })
    }
    if (extents.length > EXTENT_LIMIT) {
      const what = `more than ${EXTENT_LIMIT} extents`
      fail(NBD_CLIENT_KINDS.protocolBroken, { server, what })
    }
  }
  return extents
}

function addExtent(extents: MappedExtent[], extent: MappedExtent): void {
  const last = extents.at(-1)
  if (extent.length <= 0) return
  if (last?.status !== extent.status) extents.push(extent)
  else extents[extents.length - 1] = { ...last, length: last.length + extent.length }
}
