import type { ChardevEvent } from '../../chardev/chardev-event.ts'
import { ChardevRegistry } from '../../chardev/registry/chardev-registry.ts'
import type { Traffic } from '../../endpoint/traffic.ts'
import type { RelayEvent } from '../../migration/relay/relay-event.ts'
import type { ServerEvent } from '../../nbd/server/server-event.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import type { ReloadReport } from '../../tls/objects/reload-report.ts'
import type { TlsObjectsContext } from '../../tls/objects/tls-objects-options.ts'
import { BlockNodes } from './block-nodes.ts'
import type { GuestEvent } from './guest-event.ts'
import { HostEvents } from './host-events.ts'
import { HostMigrations } from './host-migrations.ts'
import { HostObjects } from './host-objects.ts'
import { NbdEndpoint } from './nbd-endpoint.ts'

/** What happens to a connection, or to the guest of the host. */
export type EndpointEvent = ServerEvent | RelayEvent | ChardevEvent | GuestEvent

export type HostOptions = {
  /** Objects that are there from the beginning. */
  readonly objects?: readonly ObjectDefinition[]
  readonly context?: TlsObjectsContext
  /** As `query-name` tells it. */
  readonly name?: string
  /** Where guests are stored that come, and taken from when they are sent on; without it none can come. */
  readonly guestPath?: string
  /** What happens to the connections of `nbd`, `migration` or `chardev ID`. */
  readonly tell?: (endpoint: string, event: EndpointEvent) => void
  /** Counts the connections of one of them. */
  readonly trafficOf?: (endpoint: string) => Traffic
  /** What came of a reload that a client of the monitor has asked for. */
  readonly onReload?: (report: ReloadReport) => void
  /** A client of the monitor asks the process to end. */
  readonly onQuit?: () => void
}

/** What a guest says and is told concerns the user alone who runs this. */
const CHARDEV_LIMITS = { handshakeLimit: 10, clientLimit: 1_024, socketMode: 0o600 } as const

export class HostEndpoints {
  readonly name: string | undefined
  readonly events = new HostEvents()
  readonly objects: HostObjects
  readonly nodes = new BlockNodes()
  readonly nbd: NbdEndpoint
  readonly migrations: HostMigrations
  readonly chardevs: ChardevRegistry
  readonly #onQuit: () => void

  /** @throws DiagnosticError OBJECT_... with every refusal of every object. */
  constructor(options: HostOptions = {}) {
    const { objects = [], context = {}, name, onQuit, trafficOf, tell = () => {} } = options
    this.name = name
    this.objects = new HostObjects(objects, context, options.onReload)
    this.nbd = new NbdEndpoint(this.objects, this.nodes, this.events, {
      onEvent: (event) => tell('nbd', event),
      traffic: trafficOf?.('nbd'),
    })
    this.migrations = new HostMigrations(this.objects, this.events, {
      path: options.guestPath,
      onEvent: (event) => tell('migration', event),
      traffic: trafficOf?.('migration'),
    })
    this.chardevs = new ChardevRegistry({
      objects: this.objects.tls,
      ...CHARDEV_LIMITS,
      trafficOf: trafficOf && ((id) => trafficOf(`chardev ${id}`)),
      tell: (event) => tell(`chardev ${event.chardev}`, event),
    })
    this.#onQuit = onQuit ?? (() => {})
  }

  /** Tells the users of the host that it ends, and asks the process to end. */
  quit(): void {
    this.events.emit('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' })
    this.#onQuit()
  }

  /** Ends all endpoints in order. */
  async close(): Promise<void> {
    await this.migrations.close()
    if (this.nbd.place !== undefined || this.nbd.isEnding) await this.nbd.stop()
    await this.chardevs.close()
    await this.nodes.close()
    this.objects.close()
  }
}
