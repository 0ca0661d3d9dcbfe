/** Opens the two ends of a copy: the source first, so that nothing is touched before it answers. */
import { type Diagnostic, fail } from '../../diagnostics/diagnostic.ts'
import { looksLikeUri, type NbdUri, parseNbdUri } from '../client/nbd-uri.ts'
import type { NbdClientOptions } from '../client/open-connection.ts'
import { ConnectionPool } from './connection-pool.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { CopyDestination, CopySource } from './copy-end.ts'
import { openFileDestination } from './file-destination.ts'
import { openFileSource } from './file-source.ts'
import { statPresent } from './local-disk.ts'
import { nbdDestination, nbdSource } from './nbd-end.ts'
import { nullDestination } from './null-destination.ts'

/** What stands for one end on a command line. */
export type EndName =
  | { readonly kind: 'nbd'; readonly uri: NbdUri; readonly options: NbdClientOptions }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'null' }

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

/** Reads `null:`, an NBD URI, or a path. The options are those that a URI asks for. */
export async function parseEnd(
  text: string,
  optionsFor: (uri: NbdUri) => Promise<NbdClientOptions>,
): Promise<EndName> {
  if (text === 'null:') return { kind: 'null' }
  if (!looksLikeUri(text)) return { kind: 'file', path: text }
  const uri = parseNbdUri(text)
  return { kind: 'nbd', uri, options: await optionsFor(uri) }
}

/** @throws DiagnosticError where either cannot be opened; nothing is left open then. */
export async function openEnds(
  from: Exclude<EndName, { kind: 'null' }>,
  to: EndName,
  options: EndOptions,
): Promise<{ readonly source: CopySource; readonly destination: CopyDestination }> {
  refuseSame(from, to)
  const source = await openSource(from, options)
  try {
    const destination = await openDestination(to, source.size, options)
    // Not before: where one server has both, more connections to one end could leave the other none.
    source.expand?.()
    destination.expand?.()
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
  const [one, other] = [statPresent(from.path), statPresent(to.path)]
  if (one && one.ino === other?.ino && one.dev === other.dev) {
    fail(COPY_KINDS.same, { path: from.path })
  }
}

async function openSource(
  from: Exclude<EndName, { kind: 'null' }>,
  { connections }: EndOptions,
): Promise<CopySource> {
  if (from.kind === 'file') return openFileSource(from.path)
  const { uri, options } = from
  const pool = await ConnectionPool.open(uri, options)
  return nbdSource(pool, uri, connections)
}

async function openDestination(
  to: EndName,
  size: number,
  { connections, resume, statePath, isZero, warn }: EndOptions,
): Promise<CopyDestination> {
  if (to.kind === 'null') return nullDestination()
  const state = statePath === undefined ? {} : { statePath }
  if (to.kind === 'file') {
    return openFileDestination(to.path, { size, resume, ...state, ...(warn && { warn }) })
  }
  const { uri, options } = to
  const pool = await ConnectionPool.open(uri, options)
  try {
    return nbdDestination(pool, uri, { size, isZero, connections, ...state })
  } catch (error) {
    await pool.close()
    throw error
  }
}
