/** Opens the two ends of a copy: the source first, so that nothing is touched before it answers. */
import { type Diagnostic, fail } from '../../diagnostics/diagnostic.ts'
import { statPresent } from '../../files/present-file.ts'
import { reasonNotState } from '../../transfer/transfer-state.ts'
import type { NbdUri } from '../client/nbd-uri.ts'
import { ServerCommand } from '../client/server-command.ts'
import { ConnectionPool } from './connection-pool.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { CopyDestination, CopySource, StreamDestination, StreamSource } from './copy-end.ts'
import type { EndName, SourceName } from './end-name.ts'
import { openFileDestination } from './file-destination.ts'
import { openFileSource } from './file-source.ts'
import { nbdDestination, nbdSource, type OpenExport } from './nbd-end.ts'
import { nullDestination } from './null-destination.ts'
import {
  isStream,
  openStreamDestination,
  openStreamSource,
  standardInput,
  standardOutput,
} from './stream-ends.ts'

export type EndOptions = {
  /** At most, to each export. */
  readonly connections: number
  readonly resume: boolean
  /** Where the state is kept, in place of beside the destination. */
  readonly statePath?: string
  /** Whether the destination is an export or device that is all zero. */
  readonly isZero: boolean
  readonly warn?: (diagnostic: Diagnostic) => void
}

/** Both ends of a copy, open. */
export type OpenEnds = {
  readonly source: CopySource | StreamSource
  readonly destination: CopyDestination | StreamDestination
}

/** @throws DiagnosticError where either cannot be opened; nothing is left open then. */
export async function openEnds(
  from: SourceName,
  to: EndName,
  options: EndOptions,
): Promise<OpenEnds> {
  refuseSame(from, to)
  const source = await openSource(from, options)
  try {
    const destination = await openDestination(to, source.size, options)
    // Both ends are open now. One server may have both, and would have no connection left for the second end.
    if ('expand' in source) source.expand?.()
    if ('expand' in destination) destination.expand?.()
    return { source, destination }
  } catch (error) {
    await source.close()
    throw error
  }
}

function refuseSame(from: EndName, to: EndName): void {
  if (from.kind === 'nbd' && to.kind === 'nbd') {
    const key = ({ address, exportName }: NbdUri) => JSON.stringify([address, exportName])
    if (key(from.uri) === key(to.uri)) fail(COPY_KINDS.same, { path: from.uri.text })
  }
  if (from.kind !== 'file' || to.kind !== 'file') return
  const [one, other] = [statPresent(from.path), statPresent(to.path, COPY_KINDS.unwritable)]
  if (one && one.ino === other?.ino && one.dev === other.dev) {
    fail(COPY_KINDS.same, { path: from.path })
  }
}

async function openSource(
  from: SourceName,
  { connections }: EndOptions,
): Promise<CopySource | StreamSource> {
  if (from.kind === 'standard') return standardInput()
  if (from.kind === 'file') {
    const stats = statPresent(from.path)
    return stats && isStream(stats) ? openStreamSource(from.path) : openFileSource(from.path)
  }
  return nbdSource(await openExport(from, connections))
}

async function openDestination(
  to: EndName,
  size: number | undefined,
  options: EndOptions,
): Promise<CopyDestination | StreamDestination> {
  if (to.kind === 'null') return nullDestination()
  if (options.statePath !== undefined) requirePlaceForState(options.statePath)
  if (to.kind === 'standard') return standardOutput()
  if (to.kind === 'file') return openPath(to.path, size, options)
  const { connections, statePath, isZero } = options
  const open = await openExport(to, connections)
  try {
    return nbdDestination(open, { size, isZero, ...(statePath === undefined ? {} : { statePath }) })
  } catch (error) {
    await open.close()
    throw error
  }
}

/** @throws DiagnosticError NBD_COPY_UNWRITABLE */
function requirePlaceForState(path: string): void {
  try {
    const reason = reasonNotState(path)
    if (reason !== undefined) throw new Error(reason)
  } catch (error) {
    fail(COPY_KINDS.unwritable, { path, error })
  }
}

async function openExport(
  end: Extract<EndName, { readonly kind: 'nbd' | 'command' }>,
  connections: number,
): Promise<OpenExport> {
  if (end.kind === 'nbd') {
    const pool = await ConnectionPool.open(end.uri, end.options)
    return { pool, uri: end.uri, connections, close: () => pool.close() }
  }
  const command = await ServerCommand.start(end.words)
  try {
    const pool = await ConnectionPool.open(command.uri, end.options)
    const close = () => pool.close().finally(() => command.close())
    // Such a server may end when its first client has left.
    return { pool, uri: command.uri, connections: 1, close }
  } catch (error) {
    const reason = await command.explain(error)
    await command.close()
    throw reason
  }
}

async function openPath(
  path: string,
  size: number | undefined,
  { resume, statePath, warn }: EndOptions,
): Promise<CopyDestination | StreamDestination> {
  const stats = statPresent(path, COPY_KINDS.unwritable)
  if (stats && isStream(stats)) return openStreamDestination(path)
  const state = statePath === undefined ? {} : { statePath }
  return openFileDestination(path, { size, resume, ...state, ...(warn && { warn }) })
}
