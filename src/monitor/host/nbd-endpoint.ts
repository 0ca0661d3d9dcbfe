/** The NBD server of a host: started, filled with exports, and stopped while the process runs. */
import type { AddressInfo } from 'node:net'
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import { findSecurity, type Security } from '../../endpoint/security.ts'
import type { Traffic } from '../../endpoint/traffic.ts'
import { ExportRegistry, type RemoveMode } from '../../nbd/exports/export-registry.ts'
import { NbdServer } from '../../nbd/server/nbd-server.ts'
import type { ServerEvent } from '../../nbd/server/server-event.ts'
import { HandledStorage } from '../../nbd/storage/handled-storage.ts'
import type { NodeUse } from './block-node.ts'
import type { BlockNodes } from './block-nodes.ts'
import { HOST_KINDS } from './host-diagnostics.ts'
import type { HostEvents } from './host-events.ts'
import type { HostObjects } from './host-objects.ts'
import { isIdentifier } from './identifier.ts'
import { type HostAddress, type ListeningOptions, listenOptionsOf } from './listen-address.ts'

export type NbdStartOptions = {
  readonly address: HostAddress
  /** The id of credentials. */
  readonly credentials?: string | undefined
  /** The id of an authorization. */
  readonly authorization?: string | undefined
  /** How many clients at the same time; 0 for any number. */
  readonly connectionLimit?: number | undefined
  /** In seconds; 0 for no limit. */
  readonly handshakeLimit?: number | undefined
}

export type NbdExportOptions = {
  readonly id: string
  readonly nodeName: string
  /** Under which clients find it; that of the node without it. */
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly isWritable?: boolean | undefined
  /** Whatever is written is on disk before the client is told so. */
  readonly isWrittenThrough?: boolean | undefined
  /** Bitmaps that clients may ask for, of the node or of another one. */
  readonly bitmaps?: readonly { readonly name: string; readonly node?: string }[] | undefined
}

export type HostExport = {
  readonly id: string
  readonly nodeName: string
  readonly name: string
  readonly isShuttingDown: boolean
}

/** Over every start of the server. */
export type NbdWatching = {
  /** What happens to its clients. */
  readonly onEvent?: ((event: ServerEvent) => void) | undefined
  readonly traffic?: Traffic | undefined
}

type Entry = HostExport & {
  isShuttingDown: boolean
  readonly use: NodeUse
  /** Settled when nothing is left of it; undefined while clients may use it. */
  gone?: Promise<void>
}

type Running = {
  readonly server: NbdServer
  readonly registry: ExportRegistry
  readonly security: Security
  readonly place: AddressInfo | string
  readonly connectionLimit: number
}

/** A server that waits for its last clients. */
type Ending = { readonly server: NbdServer; readonly ended: Promise<void> }

/** In seconds, as in present releases of QEMU. */
const HANDSHAKE_LIMIT = 10

/** How long requests may take that are under way when the server stops, in milliseconds. */
const DRAIN_LIMIT = 5_000

export class NbdEndpoint {
  readonly #objects: HostObjects
  readonly #nodes: BlockNodes
  readonly #events: HostEvents
  readonly #watching: NbdWatching
  readonly #exports = new Map<string, Entry>()
  #running: Running | undefined
  #ending: Ending | undefined
  #isStarting = false

  constructor(
    objects: HostObjects,
    nodes: BlockNodes,
    events: HostEvents,
    watching: NbdWatching = {},
  ) {
    this.#objects = objects
    this.#nodes = nodes
    this.#events = events
    this.#watching = watching
  }

  /** Where it listens; undefined where it does not run. */
  get place(): AddressInfo | string | undefined {
    return this.#running?.place
  }

  /** Whether its last clients are being waited for. */
  get isEnding(): boolean {
    return this.#ending !== undefined
  }

  /** The newest first, as QEMU lists them. */
  get exports(): readonly HostExport[] {
    return [...this.#exports.values()].reverse()
  }

  /**
   * Starts it without exports.
   *
   * @throws DiagnosticError MONITOR_NBD_RUNNING, MONITOR_PORT_UNKNOWN, OBJECT_..., ENDPOINT_CANNOT_LISTEN
   */
  async start(options: NbdStartOptions): Promise<void> {
    // The exports of one that is ending are there until its clients are gone.
    if (this.#running || this.#isStarting || this.#ending) fail(HOST_KINDS.serverRunning, {})
    this.#isStarting = true
    try {
      this.#running = await this.#begin(options)
    } finally {
      this.#isStarting = false
    }
  }

  async #begin(options: NbdStartOptions): Promise<Running> {
    const { address, connectionLimit = 0, handshakeLimit = HANDSHAKE_LIMIT } = options
    const { credentials, authorization } = options
    const { onEvent, traffic } = this.#watching
    const security = findSecurity(this.#objects.tls, { credentials, authorization, handshakeLimit })
    const registry = new ExportRegistry()
    try {
      const server = new NbdServer({
        exports: registry,
        security: { tlsMode: security.tlsMode, secure: security.secure },
        connectionLimit,
        handshakeLimit,
        ...(onEvent ? { onEvent } : {}),
        ...(traffic ? { traffic } : {}),
      })
      const place = await listenAtFirst(server, listenOptionsOf(address))
      return { server, registry, security, place, connectionLimit }
    } catch (error) {
      security.release?.()
      throw error
    }
  }

  /**
   * Ends all connections and all exports. Where it is ending already, its clients get no more time than this.
   *
   * @param limit For requests that are under way, in milliseconds.
   * @throws DiagnosticError MONITOR_NBD_NOT_RUNNING
   */
  async stop(limit = DRAIN_LIMIT): Promise<void> {
    if (this.#ending) {
      await this.#ending.server.drain(limit)
      return this.#ending?.ended
    }
    const running = this.#requireRunning()
    this.#running = undefined
    for (const entry of this.#exports.values()) entry.isShuttingDown = true
    const ended = this.#end(running, limit).finally(() => {
      this.#ending = undefined
    })
    this.#ending = { server: running.server, ended }
    return ended
  }

  async #end({ server, registry, security }: Running, limit: number): Promise<void> {
    await server.drain(limit)
    for (const entry of [...this.#exports.values()]) {
      // One that is being removed is none of the registry any more.
      if (registry.find(entry.name)) await registry.remove(entry.name, 'hard')
      await this.#finish(entry)
    }
    security.release?.()
  }

  /** @throws DiagnosticError MONITOR_EXPORT_..., MONITOR_NODE_NOT_FOUND, MONITOR_NBD_NOT_RUNNING, NBD_... */
  addExport(options: NbdExportOptions): void {
    const { id, nodeName, name = nodeName } = options
    if (!isIdentifier(id)) fail(HOST_KINDS.exportInvalidId, { id })
    if (this.#exports.has(id)) fail(HOST_KINDS.exportIdUsed, { id })
    const use = this.#nodes.use(nodeName)
    try {
      this.#offer(use, name, options)
    } catch (error) {
      use.release()
      throw error
    }
    this.#exports.set(id, { id, nodeName, name, isShuttingDown: false, use })
  }

  #offer({ node }: NodeUse, name: string, options: NbdExportOptions): void {
    const { isWritable = false, isWrittenThrough = false, description } = options
    if (isWritable && node.isReadOnly) fail(HOST_KINDS.exportReadOnly, {})
    const { registry, connectionLimit } = this.#requireRunning()
    const [bitmap] = options.bitmaps ?? []
    if (bitmap !== undefined) fail(HOST_KINDS.bitmapAbsent, bitmap)
    const isHandled = isWritable && isWrittenThrough
    registry.add({
      name,
      ...(description === undefined ? {} : { description }),
      storage: isHandled
        ? new HandledStorage(node.storage, { cache: 'writethrough' })
        : node.storage,
      isReadOnly: !isWritable,
      isShared: connectionLimit !== 1,
    })
  }

  /**
   * Ends an export. It is gone when no client uses it any more.
   *
   * @param mode `hard` disconnects the clients; `safe` refuses where there are any.
   * @throws DiagnosticError MONITOR_EXPORT_NOT_FOUND, NBD_EXPORT_IN_USE
   */
  async removeExport(id: string, mode: RemoveMode): Promise<void> {
    const entry = this.#exports.get(id)
    if (!entry || entry.isShuttingDown) return fail(HOST_KINDS.exportNotFound, { id })
    // It refuses at once where clients use the export, before anything has changed.
    const removed = this.#requireRunning().registry.remove(entry.name, mode)
    entry.isShuttingDown = true
    try {
      await removed
    } catch (error) {
      entry.isShuttingDown = false
      throw error
    }
    await this.#finish(entry)
  }

  /** Once for each, although the server may be stopped while the export is removed. */
  #finish(entry: Entry): Promise<void> {
    entry.gone ??= this.#letGo(entry)
    return entry.gone
  }

  async #letGo({ id, use }: Entry): Promise<void> {
    if (!use.node.isReadOnly) await use.node.storage.flush().catch(() => {})
    use.release()
    this.#exports.delete(id)
    this.#events.emit('BLOCK_EXPORT_DELETED', { id })
  }

  #requireRunning(): Running {
    return this.#running ?? fail(HOST_KINDS.serverNotRunning, {})
  }
}

/** Listens at the first address that is free. */
async function listenAtFirst(
  server: NbdServer,
  places: readonly ListeningOptions[],
): Promise<AddressInfo | string> {
  const [first, ...others] = places
  try {
    return await server.listen(first ?? {})
  } catch (error) {
    if (others.length === 0 || !(error instanceof DiagnosticError)) throw error
    return listenAtFirst(server, others)
  }
}
