/** The exports of a server as of now: they come and go while it serves. */
import { requireFunction, requireOneOf, requireString } from '../../arguments/single-values.ts'
import { fail } from '../../diagnostics/diagnostic.ts'
import { checkExport, checkExports } from './export-arguments.ts'
import { EXPORT_KINDS } from './export-diagnostics.ts'
import type { NbdExport } from './nbd-export.ts'
import { refuseUnspeakable } from './speakable.ts'

/**
 * What becomes of the clients of an export that is removed, in QEMU's words (BlockExportRemoveMode):
 * `safe` refuses to remove it while clients use it, `hard` disconnects them.
 */
const REMOVE_MODES = ['safe', 'hard'] as const

export type RemoveMode = (typeof REMOVE_MODES)[number]

type Entry = {
  readonly served: NbdExport
  /** A way to disconnect each client that uses it. */
  readonly clients: Set<() => void>
  onUnused: () => void
}

/**
 * The exports of a server. What clients list and look up is its present state. It opens and closes
 * no storage: that belongs to the program that adds and removes.
 */
export class ExportRegistry {
  readonly #entries = new Map<string, Entry>()

  /** @throws DiagnosticError as `add` does, and then has none. */
  constructor(exports: readonly NbdExport[] = []) {
    checkExports(exports, 'exports')
    for (const served of exports) this.add(served)
  }

  /** All of them, in the order in which they were added. */
  get list(): readonly NbdExport[] {
    return [...this.#entries.values()].map(({ served }) => served)
  }

  /** @param name Empty for the default export. */
  find(name: string): NbdExport | undefined {
    return this.#entries.get(requireString(name, 'name'))?.served
  }

  /**
   * Offers an export. Clients that are connected already see it at once.
   *
   * @throws DiagnosticError NBD_EXPORT_EXISTS, NBD_NAME_UNSPEAKABLE
   */
  add(served: NbdExport): void {
    checkExport(served, 'served')
    refuseUnspeakable(served)
    const { name } = served
    if (this.#entries.has(name)) fail(EXPORT_KINDS.exists, { name })
    this.#entries.set(name, { served, clients: new Set(), onUnused: () => {} })
  }

  /**
   * Offers an export no longer. Its name is free at once.
   *
   * @returns when no client uses it any more: then its storage may be closed.
   * @throws DiagnosticError NBD_EXPORT_NOT_FOUND; NBD_EXPORT_IN_USE, where the mode is `safe`.
   */
  async remove(name: string, mode: RemoveMode = 'safe'): Promise<void> {
    requireString(name, 'name')
    requireOneOf(mode, REMOVE_MODES, 'mode')
    const entry = this.#entries.get(name)
    if (!entry) return fail(EXPORT_KINDS.notFound, { name })
    const clients = entry.clients.size
    if (mode === 'safe' && clients > 0) fail(EXPORT_KINDS.inUse, { name, clients })
    this.#entries.delete(name)
    if (clients === 0) return
    const unused = new Promise<void>((resolve) => {
      entry.onUnused = resolve
    })
    for (const disconnect of [...entry.clients]) disconnect()
    await unused
  }

  /**
   * Says that a client begins to use an export.
   *
   * @param disconnect Ends the connection of the client.
   * @returns what says that the client has left; undefined where the export is there no longer, since
   *   it was removed while the client chose it.
   */
  use(served: NbdExport, disconnect: () => void): (() => void) | undefined {
    checkExport(served, 'served')
    requireFunction(disconnect, 'disconnect')
    const entry = this.#entries.get(served.name)
    if (entry?.served !== served) return undefined
    // A function of its own for each client, so that two are never taken for one.
    const client = () => disconnect()
    entry.clients.add(client)
    return () => {
      entry.clients.delete(client)
      if (entry.clients.size === 0) entry.onUnused()
    }
  }
}
