/** An NBD server: its exports, the memory that its clients share, and its connections. */
import type { AddressInfo, ListenOptions } from 'node:net'
import { Duplex } from 'node:stream'
import {
  requireInstance,
  requireMilliseconds,
  requireString,
} from '../../arguments/single-values.ts'
import { Listener } from '../../endpoint/listener.ts'
import type { Security } from '../../endpoint/security.ts'
import type { Traffic } from '../../endpoint/traffic.ts'
import { checkListenOptions } from '../../net/address-arguments.ts'
import { BufferPool, PIECE, SMALL_PIECE } from '../../transfer/buffer-pool.ts'
import { Turns } from '../../transfer/turns.ts'
import type { ExportRegistry } from '../exports/export-registry.ts'
import { checkServerOptions } from './server-arguments.ts'
import type { ServerEvent } from './server-event.ts'
import { NbdSession } from './session.ts'

export type NbdServerOptions = {
  /** What clients may use; more may be added, and some removed, while the server runs. */
  readonly exports: ExportRegistry
  /** Whether clients have to speak TLS, and how their handshakes are run. */
  readonly security: Security
  /** How many clients are served at the same time; 0 for any number. Others wait. */
  readonly connectionLimit?: number
  /** Memory for data that is on its way, in bytes, whatever the number of connections. */
  readonly memoryLimit?: number
  /** For the negotiation, in seconds; 0 for no limit. */
  readonly handshakeLimit?: number
  /** Without a byte in either direction, in seconds; 0 for no limit. */
  readonly idleLimit?: number
  readonly onEvent?: (event: ServerEvent) => void
  /** Counts connections and their bytes; several servers may share it. */
  readonly traffic?: Traffic
  /** Called when the last client has left, if any was served: a mere look does not count. */
  readonly onDeserted?: () => void
}

/** In bytes. What TLS has encrypted and the kernel has not taken yet comes on top of it. */
const DEFAULT_MEMORY = 8_388_608

/** Searches for holes at the same time, of all clients: each takes thousands of system calls. */
const SEARCHES_UNDER_WAY = 4

/** Serves exports to clients. What happens to each client is told as events. */
export class NbdServer {
  readonly #options: NbdServerOptions
  readonly #listener: Listener
  readonly #pool = new BufferPool()
  readonly #turns = new Turns(SEARCHES_UNDER_WAY)

  /** @throws DiagnosticError LIBRARY_ARGUMENT, LIBRARY_OPTION */
  constructor(options: NbdServerOptions) {
    checkServerOptions(options, 'options')
    const { connectionLimit, handshakeLimit, idleLimit, onEvent, onDeserted, traffic } = options
    this.#options = options
    this.#listener = new Listener({
      handle: () => this.#begin(),
      connectionLimit,
      handshakeLimit,
      idleLimit,
      onEvent,
      traffic,
      onDeserted,
      onEmpty: () => this.#pool.clear(),
    })
  }

  /** How many connections there are, also those of clients that negotiate. */
  get connectionCount(): number {
    return this.#listener.connectionCount
  }

  /**
   * Listens at an address, or on a descriptor that listens already.
   *
   * @returns where it listens; a path for a Unix socket.
   * @throws DiagnosticError ENDPOINT_CANNOT_LISTEN.
   */
  async listen(options: ListenOptions & { readonly fd?: number }): Promise<AddressInfo | string> {
    checkListenOptions(options, 'options')
    return this.#listener.listen(options)
  }

  /**
   * Serves a connection that was made elsewhere; resolves when it is over.
   *
   * The stream has to be done with what it is given when it calls back, as sockets are: the bytes
   * are used again then.
   */
  async serve(socket: Duplex, from: string): Promise<void> {
    requireInstance(socket, 'socket', Duplex)
    requireString(from, 'from')
    return this.#listener.serve(socket, from)
  }

  /**
   * Lets no client in any more and ends each connection when its requests are served.
   *
   * @param limit How long that may take, in milliseconds; then connections are cut.
   */
  async drain(limit: number): Promise<void> {
    requireMilliseconds(limit, 'limit')
    return this.#listener.drain(limit)
  }

  #begin(): NbdSession {
    const { exports, security, memoryLimit = DEFAULT_MEMORY, onEvent = () => {} } = this.#options
    return new NbdSession({
      offer: { exports, ...security },
      pool: this.#pool,
      turns: this.#turns,
      window: () => this.#share(memoryLimit),
      tell: onEvent,
    })
  }

  /** Each connection's part of the memory, but always enough for a small piece. */
  #share(memory: number): number {
    const share = memory / Math.max(1, this.#listener.servedCount)
    return Math.min(2 * PIECE, Math.max(SMALL_PIECE, share))
  }
}
