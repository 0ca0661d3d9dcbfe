/** Waits at a place for one guest, and stores it: what a receiver is before, while and after it comes. */
import type { AddressInfo } from 'node:net'
import type { ConnectionEvent } from '../../endpoint/connection-event.ts'
import { Listener } from '../../endpoint/listener.ts'
import { findSecurity, type Security } from '../../endpoint/security.ts'
import type { Traffic } from '../../endpoint/traffic.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import { listenAt } from '../address/listen-at.ts'
import type { MigrationUri } from '../address/migration-uri.ts'
import { openStore } from './open-store.ts'
import { ReceiveHandler } from './receive-handler.ts'
import { type ReceivedMigration, Reception, type ReceptionProgress } from './reception.ts'

export type ReceiverOptions = {
  /** Where the guest is stored. */
  readonly path: string
  readonly listen: MigrationUri
  /** The id of credentials; in clear without it. */
  readonly credentials?: string | undefined
  /** The id of an authorization. */
  readonly authorization?: string | undefined
  /** Channels beside the main one. */
  readonly multifd: number
  readonly switchoverAck?: boolean
  /** In seconds; 0 for no limit. */
  readonly handshakeLimit: number
  readonly idleLimit: number
  readonly onEvent: (event: ConnectionEvent) => void
  /** Counts connections and their bytes. */
  readonly traffic?: Traffic | undefined
  readonly onProgress?: (progress: ReceptionProgress) => void
}

/** A guest may come in clear there: its owner alone may connect. */
const SOCKET_FILE = { mode: 0o600 } as const

/** One stays free beside the channels, so that what is no channel is told so instead of waiting. */
const SPARE_PLACES = 1

export class Receiver {
  readonly #uri: MigrationUri
  readonly #security: Security
  readonly #reception: Reception
  readonly #listener: Listener

  private constructor(
    uri: MigrationUri,
    security: Security,
    reception: Reception,
    listener: Listener,
  ) {
    this.#uri = uri
    this.#security = security
    this.#reception = reception
    this.#listener = listener
  }

  /**
   * Makes the place where the guest will be stored.
   *
   * @throws DiagnosticError OBJECT_..., RECEIVE_UNUSABLE_PLACE
   */
  static async open(objects: TlsObjects, options: ReceiverOptions): Promise<Receiver> {
    const { listen, path, multifd, idleLimit, handshakeLimit, onEvent } = options
    const { credentials, authorization, switchoverAck = false, onProgress, traffic } = options
    const security = findSecurity(objects, { credentials, authorization, handshakeLimit })
    const store = await openStore(path, multifd).catch((error) => {
      security.release?.()
      throw error
    })
    const told = onProgress ? { onProgress } : {}
    const reception = new Reception({ store, multifd, idleLimit, switchoverAck, ...told })
    const listener = new Listener({
      handle: () => new ReceiveHandler(security, reception),
      connectionLimit: 1 + multifd + SPARE_PLACES,
      clientDescriptors: 2,
      handshakeLimit,
      clientsBegin: true,
      onEvent,
      traffic,
    })
    return new Receiver(listen, security, reception, listener)
  }

  get tlsMode(): Security['tlsMode'] {
    return this.#security.tlsMode
  }

  /** What was received. Rejects with a DiagnosticError where nothing was stored. */
  get outcome(): Promise<ReceivedMigration> {
    return this.#reception.outcome
  }

  /** @throws DiagnosticError MIGRATION_URI_UNUSABLE, ENDPOINT_CANNOT_LISTEN. */
  async listen(): Promise<AddressInfo | string> {
    return listenAt(this.#listener, this.#uri, SOCKET_FILE)
  }

  /** Gives up a guest that is not stored yet. @param limit For connections to close, in milliseconds. */
  async end(limit: number): Promise<void> {
    this.#reception.cancel()
    await this.#reception.outcome.catch(() => {})
    await this.#listener.drain(limit)
  }

  /** Lets go of the objects. */
  release(): void {
    this.#security.release?.()
  }
}
