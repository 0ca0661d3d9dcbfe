/** Carries the channels of one guest from one host to the other: clear at the outside, TLS between. */
import type { AddressInfo } from 'node:net'
import type { ConnectionOrigin } from '../../endpoint/connection-event.ts'
import { Listener } from '../../endpoint/listener.ts'
import type { Traffic } from '../../endpoint/traffic.ts'
import type { SocketFile } from '../../net/socket-file.ts'
import { listenAt } from '../address/listen-at.ts'
import type { MigrationUri } from '../address/migration-uri.ts'
import { ChannelOrder } from './channel-order.ts'
import type { RelayEvent } from './relay-event.ts'
import { RelayHandler } from './relay-handler.ts'
import type { RelaySides } from './relay-sides.ts'

/**
 * What one channel may hold, in bytes: in each direction what waits to be taken, what was read when
 * that was full, and what TLS has encrypted of it.
 */
export const CHANNEL_MEMORY = 4_194_304

export type RelayOptions = {
  readonly sides: RelaySides
  /** Channels at the same time; others wait. */
  readonly channelLimit: number
  /** Whether channels are told apart by their order, as those of a migration are. */
  readonly isOrdered: boolean
  /** In seconds; 0 for no limit. */
  readonly handshakeLimit: number
  readonly idleLimit: number
  readonly onEvent: (event: RelayEvent) => void
  /** Counts channels, and the bytes of those who connect to it. */
  readonly traffic?: Traffic | undefined
}

export class Relay {
  readonly #options: RelayOptions
  readonly #listener: Listener
  readonly #order = new ChannelOrder()

  constructor(options: RelayOptions) {
    const { channelLimit, isOrdered, handshakeLimit, idleLimit, onEvent, sides, traffic } = options
    this.#options = options
    this.#listener = new Listener({
      handle: (origin) => this.#handle(origin),
      connectionLimit: channelLimit,
      clientDescriptors: 2,
      allowHalfOpen: true,
      // A client of NBD is silent until its server has greeted it.
      clientsBegin: isOrdered && sides.tls === 'to',
      ...{ handshakeLimit, idleLimit, onEvent, traffic },
    })
  }

  /** @returns where it listens. @throws DiagnosticError ENDPOINT_CANNOT_LISTEN. */
  async listen(uri: MigrationUri, file?: SocketFile): Promise<AddressInfo | string> {
    return listenAt(this.#listener, uri, file)
  }

  /** Lets no channel in any more, and waits so many milliseconds for the ends of those that are open. */
  async drain(limit: number): Promise<void> {
    await this.#listener.drain(limit)
  }

  #handle(origin: ConnectionOrigin): RelayHandler {
    const { sides, isOrdered, onEvent } = this.#options
    const order = isOrdered ? this.#order : undefined
    return new RelayHandler({ sides, origin, order, tell: onEvent })
  }
}
