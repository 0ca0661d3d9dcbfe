/** An export that is copied from or to. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { ZEROES } from '../../transfer/zeroes.ts'
import { NbdRequestError } from '../client/client-transmission.ts'
import type { NbdUri } from '../client/nbd-uri.ts'
import { hasState } from '../protocol/chunks.ts'
import { NBD_ERROR, NBD_STATE } from '../protocol/constants.ts'
import type { ConnectionPool } from './connection-pool.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { CopyDestination, CopySource } from './copy-end.ts'

/** Requests on their way over each connection. */
const PARALLEL = 16

/** Connections to an export. */
export type OpenExport = {
  readonly pool: ConnectionPool
  readonly uri: NbdUri
  /** How many it grows to, at most. */
  readonly connections: number
  /** Ends all of them, and a server that was started for them. */
  readonly close: () => Promise<void>
}

export function nbdSource({ pool, uri, connections, close }: OpenExport): CopySource {
  const { info, hasBlockStatus } = pool.first
  return {
    name: uri.text,
    size: info.size,
    identity: `${JSON.stringify(uri.address)} ${uri.exportName}`,
    alignment: info.blockSizes.minimum,
    get parallel() {
      return PARALLEL * pool.size
    },
    extents: async (offset, length) => {
      if (!hasBlockStatus) return [{ length, isZero: false }]
      const extents = await pool.next().blockStatus(offset, length)
      return extents.map((extent) => ({
        length: extent.length,
        isZero: hasState(extent.status, NBD_STATE.ZERO),
      }))
    },
    read: async (offset, target) => {
      await pool.next().read(offset, target.length, target)
    },
    close,
    expand: () => pool.growMeanwhile(connections),
  }
}

export type NbdDestinationOptions = {
  /** Of the source, in bytes; undefined where it is a pipe. */
  readonly size: number | undefined
  /** Whether every byte of the export is zero before the copy. */
  readonly isZero: boolean
  readonly statePath?: string
}

/** @throws DiagnosticError NBD_COPY_READ_ONLY or NBD_COPY_TOO_SMALL. */
export function nbdDestination(
  { pool, uri, connections, close }: OpenExport,
  { size, isZero, statePath }: NbdDestinationOptions,
): CopyDestination {
  const { first } = pool
  const name = uri.text
  if (first.can('READ_ONLY')) fail(COPY_KINDS.readOnly, { destination: name })
  if (size !== undefined && first.info.size < size) {
    fail(COPY_KINDS.tooSmall, { destination: name, size: first.info.size, needed: size })
  }
  return {
    name,
    identity: `${JSON.stringify(uri.address)} ${uri.exportName} ${first.info.size}`,
    alignment: first.info.blockSizes.minimum,
    get parallel() {
      return PARALLEL * pool.size
    },
    statePath,
    isZero,
    capacity: first.info.size,
    write: (offset, data) => pool.next().write(offset, data),
    zero: (offset, length) => zero(pool, offset, length),
    read: async (offset, target) => {
      await pool.next().read(offset, target.length, target)
    },
    flush: () => pool.flush(),
    finish: () => pool.flush(),
    close,
    expand: () => pool.growMeanwhile(connections),
  }
}

async function zero(pool: ConnectionPool, offset: number, length: number): Promise<void> {
  const client = pool.next()
  if (client.can('SEND_WRITE_ZEROES')) {
    try {
      return await client.zero(offset, length)
    } catch (error) {
      // Some say that they can, and then cannot for what is below.
      if (!(error instanceof NbdRequestError) || error.error !== NBD_ERROR.ENOTSUP) throw error
    }
  }
  for (let done = 0; done < length; done += ZEROES.length) {
    await client.write(offset + done, ZEROES.subarray(0, Math.min(ZEROES.length, length - done)))
  }
}
