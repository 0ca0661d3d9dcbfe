/** A guest that comes: where it is waited for, and how far it is. */
import type { AddressInfo } from 'node:net'
import { fail } from '../../diagnostics/diagnostic.ts'
import { Completions } from '../../endpoint/completions.ts'
import type { ConnectionHandler } from '../../endpoint/connection.ts'
import type { ConnectionEvent, ConnectionOrigin } from '../../endpoint/connection-event.ts'
import { Listener } from '../../endpoint/listener.ts'
import type { Security } from '../../endpoint/security.ts'
import type { Traffic } from '../../endpoint/traffic.ts'
import { listenAt } from '../../migration/address/listen-at.ts'
import type { MigrationUri } from '../../migration/address/migration-uri.ts'
import { openStore } from '../../migration/receive/open-store.ts'
import { ReceiveHandler } from '../../migration/receive/receive-handler.ts'
import { Reception } from '../../migration/receive/reception.ts'
import { HOST_KINDS } from './host-diagnostics.ts'
import { hasEnded, type MigrationStatus, messageOf } from './migration-status.ts'

export type IncomingOptions = {
  /** Where the guest is stored. */
  readonly path: string
  readonly from: MigrationUri
  readonly security: Security
  /** Channels beside the main one. */
  readonly multifd: number
  readonly switchoverAck: boolean
  readonly onStatus: (status: MigrationStatus, error?: unknown) => void
  readonly onEvent?: ((event: ConnectionEvent) => void) | undefined
  readonly traffic?: Traffic | undefined
}

/** What is done with each connection of a source. */
type HandleConnection = (origin: ConnectionOrigin) => ConnectionHandler

/** Where a guest is waited for that is passed on, not stored. */
export type AwaitedGuest = Pick<IncomingMigration, 'place' | 'passTo' | 'release'>

/** A guest may come in clear on a Unix socket: its owner alone may connect. */
const SOCKET_FILE = { mode: 0o600 } as const

/** Some stay free beside the channels, so that what is no channel is told so instead of waiting. */
const SPARE_PLACES = 4

/** Until a source is let in, and while it is silent before the guest is whole, in seconds. */
const HANDSHAKE_LIMIT = 10
const IDLE_LIMIT = 30

/** How long connections may take to close when all is over, in milliseconds. */
const DRAIN_LIMIT = 2_000

export class IncomingMigration {
  readonly place: AddressInfo | string
  readonly #reception: Reception
  readonly #listener: Listener
  readonly #connections: { handle: HandleConnection }
  readonly #options: IncomingOptions
  /** Resolves when the guest is stored or refused, and nothing of it is open. */
  readonly over: Promise<void>
  #isPassedOn = false
  status: MigrationStatus = 'setup'
  error: string | undefined

  /** @throws DiagnosticError where it cannot be stored, or nothing can listen there. */
  static async start(options: IncomingOptions): Promise<IncomingMigration> {
    const { path, from, security, multifd, switchoverAck, onEvent, traffic } = options
    const store = await openStore(path, multifd)
    let onProgress: () => void = () => {}
    const connections: { handle: HandleConnection } = {
      handle: () => new ReceiveHandler(security, reception),
    }
    const reception = new Reception({
      ...{ store, multifd, switchoverAck, idleLimit: IDLE_LIMIT },
      onProgress: () => onProgress(),
    })
    const listener = new Listener({
      handle: (origin) => connections.handle(origin),
      connectionLimit: 1 + multifd + SPARE_PLACES,
      clientDescriptors: 2,
      handshakeLimit: HANDSHAKE_LIMIT,
      clientsBegin: true,
      ...{ onEvent, traffic },
    })
    try {
      const place = await listenAt(listener, from, SOCKET_FILE)
      const started = new IncomingMigration(options, { place, reception, listener, connections })
      onProgress = () => started.#begin()
      return started
    } catch (error) {
      reception.cancel()
      throw error
    }
  }

  private constructor(
    options: IncomingOptions,
    parts: {
      readonly place: AddressInfo | string
      readonly reception: Reception
      readonly listener: Listener
      readonly connections: { handle: HandleConnection }
    },
  ) {
    this.place = parts.place
    this.#reception = parts.reception
    this.#listener = parts.listener
    this.#connections = parts.connections
    this.#options = options
    this.over = this.#follow()
    new Completions(() => {}).own(this.over)
  }

  get security(): Security {
    return this.#options.security
  }

  get isOver(): boolean {
    return hasEnded(this.status)
  }

  /** Ends it, unless the guest is stored already. */
  async cancel(): Promise<void> {
    this.#reception.cancel()
    await this.over
  }

  /**
   * Passes the guest on that is waited for: from now on, this is done with its connections, and nothing is stored.
   *
   * @returns what listens, to be ended by the caller.
   */
  passTo(handle: HandleConnection): Listener {
    this.#isPassedOn = true
    this.#connections.handle = handle
    this.#reception.cancel()
    return this.#listener
  }

  /** @throws DiagnosticError MONITOR_INCOMING_BEGUN where a part of the guest is here already. */
  requireUntouched(): void {
    if (this.status !== 'setup') fail(HOST_KINDS.incomingBegun, {})
  }

  /** Lets go of the objects of those who connect. */
  release(): void {
    this.#options.security.release?.()
  }

  #begin(): void {
    if (this.status === 'setup') this.#tell('active')
  }

  async #follow(): Promise<void> {
    const error = await this.#reception.outcome.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (this.#isPassedOn) return
    await this.#listener.drain(DRAIN_LIMIT)
    this.release()
    if (error === undefined) this.#tell('completed')
    else {
      this.error = messageOf(error)
      this.#tell('failed', error)
    }
  }

  #tell(status: MigrationStatus, error?: unknown): void {
    this.status = status
    this.#options.onStatus(status, error)
  }
}
