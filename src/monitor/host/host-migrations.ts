/** The guests of a host: one that comes and is stored, and the stored one that is sent on. */
import type { AddressInfo } from 'node:net'
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import { Completions } from '../../endpoint/completions.ts'
import { findSecurity } from '../../endpoint/security.ts'
import type { Traffic } from '../../endpoint/traffic.ts'
import { statPresent } from '../../files/present-file.ts'
import { type MigrationUri, printMigrationUri } from '../../migration/address/migration-uri.ts'
import type { RelayEvent } from '../../migration/relay/relay-event.ts'
import { joinSides } from '../../migration/relay/relay-sides.ts'
import { printBoundAddress } from '../../net/address.ts'
import type { GuestEvent } from './guest-event.ts'
import { HOST_KINDS } from './host-diagnostics.ts'
import type { HostEvents } from './host-events.ts'
import type { HostObjects } from './host-objects.ts'
import { IncomingMigration } from './incoming-migration.ts'
import { type CapabilityChange, MigrationCapabilities } from './migration-capabilities.ts'
import { MigrationParameters } from './migration-parameters.ts'
import type { MigrationStatus } from './migration-status.ts'
import { OutgoingMigration } from './outgoing-migration.ts'
import { PassedMigration } from './passed-migration.ts'
import { RefusedMigration } from './refused-migration.ts'

export type MigrationsOptions = {
  /** Where guests are stored; without it none can come. */
  readonly path: string | undefined
  readonly onEvent?: ((event: RelayEvent | GuestEvent) => void) | undefined
  readonly traffic?: Traffic | undefined
}

/** In seconds. */
const HANDSHAKE_LIMIT = 10

export class HostMigrations {
  readonly capabilities = new MigrationCapabilities()
  readonly parameters = new MigrationParameters()
  readonly #objects: HostObjects
  readonly #events: HostEvents
  readonly #options: MigrationsOptions
  #incoming: IncomingMigration | undefined
  #outgoing: OutgoingMigration | PassedMigration | RefusedMigration | undefined
  #isStarting = false

  constructor(objects: HostObjects, events: HostEvents, options: MigrationsOptions) {
    this.#objects = objects
    this.#events = events
    this.#options = options
  }

  get incoming(): IncomingMigration | undefined {
    return this.#incoming
  }

  /** The guest that goes, or went: from where it was stored, or as it comes. */
  get outgoing(): OutgoingMigration | PassedMigration | RefusedMigration | undefined {
    return this.#outgoing
  }

  /** @throws DiagnosticError MONITOR_MIGRATION_BUSY, MONITOR_CAPABILITY_... */
  setCapabilities(changes: readonly CapabilityChange[]): void {
    if (this.#outgoing && !this.#outgoing.isOver) fail(HOST_KINDS.migrationBusy, {})
    this.capabilities.set(changes)
  }

  /**
   * Waits for a guest.
   *
   * @throws DiagnosticError MONITOR_INCOMING_..., OBJECT_..., ENDPOINT_CANNOT_LISTEN, MIGRATION_...
   */
  async receive(from: MigrationUri): Promise<void> {
    const path = this.requireRoom()
    this.#isStarting = true
    try {
      this.#incoming = await this.#startReception(path, from)
      this.#outgoing = undefined
      this.#tellIncoming(path, this.#incoming.place, 'setup')
    } finally {
      this.#isStarting = false
    }
  }

  /**
   * Where a guest would be stored that comes now.
   *
   * @throws DiagnosticError MONITOR_INCOMING_..., MONITOR_MIGRATION_BUSY
   */
  requireRoom(): string {
    const { path } = this.#options
    if (path === undefined) return fail(HOST_KINDS.incomingUnplanned, {})
    const isWaiting = this.#incoming && !this.#incoming.isOver
    if (isWaiting || this.#isStarting) fail(HOST_KINDS.incomingStarted, {})
    if (this.#outgoing && !this.#outgoing.isOver) fail(HOST_KINDS.migrationBusy, {})
    return path
  }

  async #startReception(path: string, from: MigrationUri): Promise<IncomingMigration> {
    const { parameters, capabilities } = this
    const security = findSecurity(this.#objects.tls, {
      credentials: parameters.text('tls-creds'),
      authorization: parameters.text('tls-authz'),
      handshakeLimit: HANDSHAKE_LIMIT,
    })
    try {
      return await IncomingMigration.start({
        ...{ path, from, security, onEvent: this.#options.onEvent, traffic: this.#options.traffic },
        multifd: capabilities.has('multifd') ? parameters.number('multifd-channels') : 0,
        switchoverAck: capabilities.has('switchover-ack'),
        onStatus: (status, error) =>
          this.#tellIncoming(path, this.#incoming?.place ?? '', status, error),
      })
    } catch (error) {
      security.release?.()
      throw error
    }
  }

  /**
   * Sends the stored guest. What goes wrong is told by the status: the command returns at once. What is wrong
   * from the beginning is told by both.
   *
   * @param place Throws where it cannot be read.
   * @param reasonOf What is told of an error.
   * @throws DiagnosticError MONITOR_..., and what `place` throws.
   */
  send(place: () => MigrationUri, reasonOf: (error: unknown) => string | undefined): void {
    if (this.#outgoing && !this.#outgoing.isOver) fail(HOST_KINDS.migrationBusy, {})
    if (this.#isStarting || (this.#incoming && !this.#incoming.isOver)) {
      fail(HOST_KINDS.incomingAwaited, {})
    }
    try {
      this.#outgoing = this.#startSending(place())
    } catch (error) {
      this.#outgoing = new RefusedMigration(reasonOf(error))
      this.#emitStatus('setup')
      this.#emitStatus('failed')
      throw error
    }
  }

  #startSending(to: MigrationUri): OutgoingMigration {
    const { path } = this.#options
    const guest = path === undefined || !statPresent(path) ? undefined : path
    return new OutgoingMigration({
      ...{ path: guest ?? fail(HOST_KINDS.noGuest, { path }), to },
      credentials: () => this.#findCredentials(),
      hostname: this.parameters.text('tls-hostname'),
      bandwidth: this.parameters.number('max-bandwidth'),
      onStatus: (status, error) =>
        this.#tell({ way: 'out', place: printMigrationUri(to), status }, error),
    })
  }

  /**
   * Passes the guest on that is waited for, as it comes; nothing of it is stored.
   *
   * @throws DiagnosticError MONITOR_..., OBJECT_..., MIGRATION_...
   */
  passOn(to: MigrationUri): void {
    const { parameters } = this
    const awaited = this.#incoming
    if (this.#outgoing && !this.#outgoing.isOver) fail(HOST_KINDS.migrationBusy, {})
    if (!awaited || awaited.isOver) fail(HOST_KINDS.incomingAbsent, {})
    awaited.requireUntouched()
    const sides = joinSides({
      ...{ security: awaited.security, to, handshakeLimit: HANDSHAKE_LIMIT },
      credentials: this.#findCredentials(),
      hostname: parameters.text('tls-hostname'),
    })
    const id = parameters.text('tls-creds')
    const release = id === undefined ? () => {} : this.#objects.tls.hold(id)
    this.#incoming = undefined
    this.#outgoing = new PassedMigration({
      ...{ awaited, sides, release },
      tell: (event) => this.#options.onEvent?.(event),
      onStatus: (status, error) => this.#tell({ way: 'through', place: sides.to, status }, error),
    })
  }

  #findCredentials() {
    const id = this.parameters.text('tls-creds')
    return id === undefined ? undefined : this.#objects.tls.credentials(id, 'client')
  }

  /** Ends what is being sent or passed on. What comes to be stored is ended by its source. */
  cancel(): void {
    this.#outgoing?.cancel()
  }

  /** A guest is waited for, comes or goes. */
  get isUnderWay(): boolean {
    return [this.#incoming, this.#outgoing].some((one) => one && !one.isOver)
  }

  /** Ends all that is under way, and waits for nothing. */
  cutOff(): void {
    new Completions(() => {}).own(this.close())
  }

  async close(): Promise<void> {
    await this.#outgoing?.close()
    await this.#incoming?.cancel()
  }

  #tellIncoming(
    path: string,
    place: AddressInfo | string,
    status: MigrationStatus,
    error?: unknown,
  ): void {
    this.#tell({ way: 'in', place: printBoundAddress(place), path, status }, error)
  }

  #tell(guest: Omit<GuestEvent, 'event' | 'diagnostics'>, error?: unknown): void {
    const diagnostics = error instanceof DiagnosticError ? error.diagnostics : []
    this.#options.onEvent?.({ event: 'guest', ...guest, diagnostics })
    const { status } = guest
    this.#emitStatus(status)
  }

  #emitStatus(status: MigrationStatus): void {
    if (this.capabilities.has('events')) this.#events.emit('MIGRATION', { status })
  }
}
