/** An NBD server: listens, lets clients in as far as there is room, and ends in order. */
import {
  type AddressInfo,
  createServer,
  type ListenOptions,
  type Server,
  type Socket,
} from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { printListening, printPeer } from '../../net/address.ts'
import { BufferPool, PIECE, SMALL_PIECE } from './buffer-pool.ts'
import { Connection, type ConnectionContext } from './connection.ts'
import type { Offer } from './negotiation.ts'
import { NBD_SERVER_KINDS } from './server-diagnostics.ts'
import type { ConnectionOrigin, ServerEvent } from './server-event.ts'

export type NbdServerOptions = {
  readonly offer: Offer
  /** How many clients are served at the same time; 0 for any number. Others wait. */
  readonly connectionLimit?: number
  /** Memory for data that is on its way, in bytes, whatever the number of connections. */
  readonly memoryLimit?: number
  /** For the negotiation, in seconds; 0 for no limit. */
  readonly handshakeLimit?: number
  /** Without a byte in either direction, in seconds; 0 for no limit. */
  readonly idleLimit?: number
  readonly onEvent?: (event: ServerEvent) => void
  /** Called when the last client has left, if any was served: a mere look does not count. */
  readonly onDeserted?: () => void
}

/** Clients beyond the limit that wait for their turn. */
const WAITING_LIMIT = 128

/** In bytes. What TLS has encrypted and the kernel has not taken yet comes on top of it. */
const DEFAULT_MEMORY = 8_388_608

/** In seconds, as qemu-nbd has it. */
const DEFAULT_HANDSHAKE = 10

export class NbdServer {
  readonly #options: NbdServerOptions
  readonly #context: ConnectionContext
  readonly #listeners = new Set<Server>()
  readonly #connections = new Set<Connection>()
  readonly #waiting: Socket[] = []
  #count = 0
  #isDraining = false
  #wasUsed = false

  constructor(options: NbdServerOptions) {
    const { offer, memoryLimit = DEFAULT_MEMORY, onEvent = () => {} } = options
    this.#options = options
    this.#context = {
      offer,
      pool: new BufferPool(),
      window: () => this.#share(memoryLimit),
      handshakeLimit: options.handshakeLimit ?? DEFAULT_HANDSHAKE,
      idleLimit: options.idleLimit ?? 0,
      tell: onEvent,
    }
  }

  /** How many clients are served. */
  get connectionCount(): number {
    return this.#connections.size
  }

  /**
   * Listens at an address, or on a descriptor that listens already.
   *
   * @returns where it listens; a path for a Unix socket.
   * @throws DiagnosticError NBD_CANNOT_LISTEN.
   */
  async listen(options: ListenOptions & { readonly fd?: number }): Promise<AddressInfo | string> {
    const listener = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true })
    listener.on('connection', (socket) => this.#admit(socket))
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(options, resolve)
    }).catch((error) =>
      fail(NBD_SERVER_KINDS.cannotListen, { address: printListening(options), error }),
    )
    this.#listeners.add(listener)
    return listener.address() ?? printListening(options)
  }

  /**
   * Serves a connection that was made elsewhere; resolves when it is over.
   *
   * The stream has to be done with what it is given when it calls back, as sockets are: the bytes
   * are used again then.
   */
  async serve(socket: Duplex, from: string): Promise<void> {
    const origin: ConnectionOrigin = { connection: ++this.#count, from }
    const connection = new Connection(socket, origin, this.#context)
    this.#connections.add(connection)
    socket.once('close', () => this.#leave(connection))
    await connection.run()
  }

  /**
   * Lets nobody in any more and ends each connection when its requests are served.
   *
   * @param limit How long that may take, in milliseconds; then connections are cut.
   */
  async drain(limit: number): Promise<void> {
    this.#isDraining = true
    for (const listener of this.#listeners) listener.close()
    for (const socket of this.#waiting.splice(0)) socket.destroy()
    for (const connection of this.#connections) connection.drain()
    const patience = new AbortController()
    const gone = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      if (this.#connections.size === 0) resolve()
    })
    await Promise.race([gone, delay(limit, undefined, patience).catch(() => {})])
    patience.abort()
    for (const connection of this.#connections) connection.destroy()
  }

  #onEmpty: () => void = () => {}

  /** Each connection's part of the memory, but always enough for a small piece. */
  #share(memory: number): number {
    const share = memory / Math.max(1, this.#connections.size)
    return Math.min(2 * PIECE, Math.max(SMALL_PIECE, share))
  }

  #admit(socket: Socket): void {
    const { connectionLimit = 0 } = this.#options
    if (connectionLimit === 0 || this.#connections.size < connectionLimit) {
      this.#begin(socket)
    } else if (this.#waiting.length < WAITING_LIMIT) this.#keepWaiting(socket)
    else this.#sendAway(socket)
  }

  #begin(socket: Socket): void {
    void this.serve(socket, printPeer(socket))
  }

  /** It has heard nothing yet, as if it stood in the queue of the kernel. */
  #keepWaiting(socket: Socket): void {
    socket.on('error', () => {})
    socket.once('close', () => {
      const index = this.#waiting.indexOf(socket)
      if (index >= 0) this.#waiting.splice(index, 1)
    })
    this.#waiting.push(socket)
  }

  #sendAway(socket: Socket): void {
    const diagnostic = diagnose(NBD_SERVER_KINDS.tooManyWaiting, { limit: WAITING_LIMIT })
    const origin = { connection: ++this.#count, from: printPeer(socket) }
    this.#context.tell({ ...origin, event: 'refused', diagnostics: [diagnostic] })
    socket.destroy()
  }

  #leave(connection: Connection): void {
    this.#connections.delete(connection)
    this.#wasUsed ||= connection.hasServed
    const next = this.#isDraining ? undefined : this.#waiting.shift()
    if (next) this.#begin(next)
    if (this.#connections.size > 0) return
    this.#context.pool.clear()
    this.#onEmpty()
    if (this.#wasUsed) this.#options.onDeserted?.()
  }
}
