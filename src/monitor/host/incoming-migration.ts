/** A guest that comes: where it is waited for, and how far it is. */
import type { AddressInfo } from 'node:net'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import { Completions } from '../../endpoint/completions.ts'
import type { ConnectionEvent } from '../../endpoint/connection-event.ts'
import { Listener } from '../../endpoint/listener.ts'
import type { Security } from '../../endpoint/security.ts'
import type { Traffic } from '../../endpoint/traffic.ts'
import { listenAt } from '../../migration/address/listen-at.ts'
import type { MigrationUri } from '../../migration/address/migration-uri.ts'
import { openStore } from '../../migration/receive/open-store.ts'
import { ReceiveHandler } from '../../migration/receive/receive-handler.ts'
import { Reception } from '../../migration/receive/reception.ts'
import type { MigrationStatus } from './migration-status.ts'

export type IncomingOptions = {
  /** Where the guest is stored. */
  readonly path: string
  readonly from: MigrationUri
  readonly security: Security
  /** Channels beside the main one. */
  readonly multifd: number
  readonly switchoverAck: boolean
  readonly onStatus: (status: MigrationStatus) => void
  readonly onEvent?: ((event: ConnectionEvent) => void) | undefined
  readonly traffic?: Traffic | undefined
}

/** A guest may come in clear on a Unix socket: its owner alone may connect. */
const SOCKET_FILE = { mode: 0o600 } as const

/** Connections that have not said yet what they are, beside the channels. */
const UNKNOWN_CONNECTIONS = 4

/** Until a source is let in, and while it is silent before the guest is whole, in seconds. */
const HANDSHAKE_LIMIT = 10
const IDLE_LIMIT = 30

/** How long connections may take to close when all is over, in milliseconds. */
const DRAIN_LIMIT = 2_000

export class IncomingMigration {
  readonly place: AddressInfo | string
  readonly #reception: Reception
  readonly #listener: Listener
  readonly #options: IncomingOptions
  /** Resolves when the guest is stored or refused, and nothing of it is open. */
  readonly over: Promise<void>
  status: MigrationStatus = 'setup'
  error: string | undefined

  /** @throws DiagnosticError where it cannot be stored, or nothing can listen there. */
  static async start(options: IncomingOptions): Promise<IncomingMigration> {
    const { path, from, security, multifd, switchoverAck, onEvent, traffic } = options
    const store = await openStore(path, multifd)
    let onProgress: () => void = () => {}
    const reception = new Reception({
      ...{ store, multifd, switchoverAck, idleLimit: IDLE_LIMIT },
      onProgress: () => onProgress(),
    })
    const listener = new Listener({
      handle: () => new ReceiveHandler(security, reception),
      connectionLimit: 1 + multifd + UNKNOWN_CONNECTIONS,
      handshakeLimit: HANDSHAKE_LIMIT,
      clientsBegin: true,
      ...{ onEvent, traffic },
    })
    try {
      const place = await listenAt(listener, from, SOCKET_FILE)
      const started = new IncomingMigration(options, { place, reception, listener })
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
    },
  ) {
    this.place = parts.place
    this.#reception = parts.reception
    this.#listener = parts.listener
    this.#options = options
    this.over = this.#follow()
    new Completions(() => {}).own(this.over)
  }

  get isOver(): boolean {
    return this.status === 'completed' || this.status === 'failed'
  }

  /** Ends it, unless the guest is stored already. */
  async cancel(): Promise<void> {
    this.#reception.cancel()
    await this.over
  }

  #begin(): void {
    if (this.status === 'setup') this.#tell('active')
  }

  async #follow(): Promise<void> {
    const error = await this.#reception.outcome.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    await this.#listener.drain(DRAIN_LIMIT)
    this.#options.security.release?.()
    if (error === undefined) this.#tell('completed')
    else {
      this.error = messageOf(error)
      this.#tell('failed')
    }
  }

  #tell(status: MigrationStatus): void {
    this.status = status
    this.#options.onStatus(status)
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof DiagnosticError)) return String(error)
  return error.diagnostics.map(({ message }) => message).join('; ')
}
