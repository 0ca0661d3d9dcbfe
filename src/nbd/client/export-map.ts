/** The map of a whole export: where data is and where holes are. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Extent } from '../protocol/chunks.ts'
import { type NbdClient, STATUS_LIMIT } from './nbd-client.ts'
import { NBD_CLIENT_KINDS } from './nbd-client-diagnostics.ts'

export type MappedExtent = Extent & {
  /** In bytes. */
  readonly offset: number
}

/** What keeps a server from filling the memory, and from being asked for ever. */
export type MapLimits = {
  /** Runs in the map: a server could tell of a hole every other byte. */
  readonly runs: number
  /** Answers that bring little: no change of status, and few bytes. */
  readonly smallAnswers: number
}

const LIMITS: MapLimits = { runs: 1_000_000, smallAnswers: 100_000 }

/** What an answer without any change has to tell of, in bytes; more where the export is large. */
const FAIR_ANSWER = 0x10_0000

/**
 * Every run of the same status, in order.
 *
 * @throws DiagnosticError NBD_CONTEXT_MISSING where the server does not tell, NBD_MAP_TOO_FINE.
 */
export async function mapExport(
  client: NbdClient,
  limits: MapLimits = LIMITS,
): Promise<readonly MappedExtent[]> {
  const { info, server, context } = client
  if (!client.hasBlockStatus) fail(NBD_CLIENT_KINDS.contextMissing, { server, context })
  const extents: MappedExtent[] = []
  const fair = Math.min(Math.max(info.size / limits.runs, FAIR_ANSWER), STATUS_LIMIT)
  let smallAnswers = 0
  for (let at = 0; at < info.size; ) {
    const before = { at, runs: extents.length }
    at = await mapOn(client, at, extents)
    if (extents.length === before.runs && at - before.at < fair) smallAnswers++
    if (extents.length > limits.runs || smallAnswers > limits.smallAnswers) {
      fail(NBD_CLIENT_KINDS.mapTooFine, { server, at, size: info.size, runs: extents.length })
    }
  }
  return extents
}

/** Asks once, and adds the answer to the map. @returns Where the map ends now. */
async function mapOn(client: NbdClient, from: number, extents: MappedExtent[]): Promise<number> {
  const { size, blockSizes } = client.info
  // What comes behind an extent that ends within a block is asked about from that block on.
  const start = from - (from % blockSizes.minimum)
  let at = from
  let border = start
  for (const { length, status } of await client.blockStatus(start, size - start)) {
    border += length
    addExtent(extents, { offset: at, length: border - at, status })
    at = Math.max(at, border)
  }
  if (at > from) return at
  // Nothing but a part of a block that is known already: the rest of it is taken as data.
  const end = Math.min(start + blockSizes.minimum, size)
  addExtent(extents, { offset: from, length: end - from, status: 0 })
  return end
}

function addExtent(extents: MappedExtent[], extent: MappedExtent): void {
  const last = extents.at(-1)
  if (extent.length <= 0) return
  if (last?.status !== extent.status) extents.push(extent)
  else extents[extents.length - 1] = { ...last, length: last.length + extent.length }
}
