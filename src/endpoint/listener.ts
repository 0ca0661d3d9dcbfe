/** Listens, lets clients in as far as there is room, and ends in order. */
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { diagnose, fail } from '../diagnostics/diagnostic.ts'
import { printListening, printPeer } from '../net/address.ts'
import type { SocketFile } from '../net/socket-file.ts'
import { Completions } from './completions.ts'
import { type ConnectionContext, type ConnectionHandler, EndpointConnection } from './connection.ts'
import type { ConnectionEvent, ConnectionOrigin } from './connection-event.ts'
import {
  canServe,
  joinShares,
  leaveShares,
  resumeOthers,
  roomForServed,
  type ShareHolder,
} from './descriptor-shares.ts'
import { ENDPOINT_KINDS } from './endpoint-diagnostics.ts'
import { type HeldSocket, leaveSocket, takeHeldSocket } from './listening-sockets.ts'
import { Newcomers, PATIENCE } from './newcomers.ts'
import { openServer } from './open-server.ts'
import { Places } from './places.ts'
import type { Traffic } from './traffic.ts'
import { WaitingLine } from './waiting-line.ts'

export type ListenerOptions = {
  /** What is done with a connection. */
  readonly handle: (origin: ConnectionOrigin) => ConnectionHandler
  /**
   * How many clients that were let in are served at the same time; 0 for any number. Others wait.
   * Those who are not let in yet do not count.
   */
  readonly connectionLimit?: number | undefined
  /** Descriptors that a client takes which was let in: its connection, and what is opened for it. */
  readonly clientDescriptors?: number | undefined
  /** Until a client is let in, in seconds; 0 for no limit. */
  readonly handshakeLimit?: number | undefined
  /** Without a byte in either direction, in seconds; 0 for no limit. */
  readonly idleLimit?: number | undefined
  /** A client that has said all may still be told something. */
  readonly allowHalfOpen?: boolean | undefined
  /** Clients begin to speak before they are greeted: those that wait are not read then. */
  readonly clientsBegin?: boolean | undefined
  readonly onEvent?: ((event: ConnectionEvent) => void) | undefined
  /** Counts connections and their bytes. */
  readonly traffic?: Traffic | undefined
  /** Called when the last client has left. */
  readonly onEmpty?: (() => void) | undefined
  /** Called when the last client has left, if any was served: a mere look does not count. */
  readonly onDeserted?: (() => void) | undefined
}

/** Clients beyond the limit that wait for their turn. */
const WAITING_LIMIT = 128

/** Clients that are not let in yet, so that many can come back at the same time. Others wait. */
const NEWCOMER_LIMIT = 1_024

/** In seconds, as qemu-nbd has it. */
const DEFAULT_HANDSHAKE = 10

export class Listener {
  readonly #options: ListenerOptions
  readonly #context: ConnectionContext
  /** Each with what the next one at its place has to be equal in. */
  readonly #servers = new Map<Server, string | undefined>()
  readonly #connections = new Set<EndpointConnection>()
  readonly #newcomers = new Newcomers(NEWCOMER_LIMIT)
  readonly #places: Places
  readonly #waiting: WaitingLine
  readonly #share: ShareHolder
  #waitingLimit = WAITING_LIMIT
  #patience: NodeJS.Timeout | undefined
  #count = 0
  #wasUsed = false

  constructor(options: ListenerOptions) {
    const { onEvent = () => {}, handshakeLimit = DEFAULT_HANDSHAKE, idleLimit = 0 } = options
    this.#options = options
    this.#waiting = new WaitingLine(options)
    const { connectionLimit, clientDescriptors = 1 } = options
    const hasShare = () => canServe(this.#share, clientDescriptors)
    this.#places = new Places(connectionLimit || Number.POSITIVE_INFINITY, hasShare)
    this.#share = this.#makeShare(clientDescriptors)
    const letIn = (connection: EndpointConnection) => this.#letIn(connection)
    this.#context = { handshakeLimit, idleLimit, tell: onEvent, letIn }
  }

  /** How many connections there are, also those of clients that were not let in yet. */
  get connectionCount(): number {
    return this.#connections.size
  }

  /** How many clients were let in and are served. */
  get servedCount(): number {
    return this.#places.count
  }

  /**
   * Listens at an address, or on a descriptor that listens already. A socket that a killed server
   * has left at a path makes way.
   *
   * @param file Who may connect to a Unix socket.
   * @returns where it listens; a path for a Unix socket.
   * @throws DiagnosticError ENDPOINT_CANNOT_LISTEN.
   */
  async listen(
    options: ListenOptions & { readonly fd?: number },
    file?: SocketFile,
  ): Promise<AddressInfo | string> {
    const { allowHalfOpen = false } = this.#options
    const key = keyOf(options, file, allowHalfOpen)
    const held = key === undefined ? undefined : takeHeldSocket(key)
    const server =
      held?.server ??
      (await openServer(options, file, allowHalfOpen).catch((error) =>
        fail(ENDPOINT_KINDS.cannotListen, { address: printListening(options), error }),
      ))
    server.on('connection', (socket) => this.#admit(socket))
    this.#servers.set(server, key)
    this.#keepDescriptors(printListening(options), held)
    for (const client of held?.letGo() ?? []) this.#admit(client)
    return options.path ?? server.address() ?? printListening(options)
  }

  /**
   * Serves a connection that was made elsewhere; resolves when it is over.
   *
   * The stream has to be done with what it is given when it calls back, as sockets are.
   */
  async serve(socket: Duplex, from: string): Promise<void> {
    const origin: ConnectionOrigin = { connection: ++this.#count, from }
    const handler = this.#options.handle(origin)
    const connection = new EndpointConnection(socket, origin, this.#context, handler)
    this.#connections.add(connection)
    this.#newcomers.add(connection)
    this.#options.traffic?.add(socket)
    socket.once('close', () => this.#leave(connection))
    await connection.run()
  }

  /**
   * Lets no client in any more and ends each connection when what it asked for is done.
   *
   * @param limit How long that may take, in milliseconds; then connections are cut.
   */
  async drain(limit: number): Promise<void> {
    for (const [server, key] of this.#servers) leaveSocket(server, key)
    this.#servers.clear()
    this.#waiting.clear()
    clearTimeout(this.#patience)
    for (const connection of this.#connections) connection.drain()
    const patience = new AbortController()
    // One for all drains: a second one, with less time, ends the first one too.
    this.#gone ??= new Promise<void>((resolve) => {
      this.#onGone = resolve
      if (this.#connections.size === 0) resolve()
    })
    await Promise.race([this.#gone, delay(limit, undefined, patience).catch(() => {})])
    patience.abort()
    for (const connection of this.#connections) connection.destroy()
    leaveShares(this.#share)
  }

  #gone: Promise<void> | undefined
  #onGone: () => void = () => {}

  /** What it takes of the descriptors of the process, and what it may take. */
  #makeShare(clientDescriptors: number): ShareHolder {
    return {
      held: () =>
        this.#connections.size +
        this.#waiting.length +
        this.#places.count * (clientDescriptors - 1),
      served: () => this.#places.count * clientDescriptors,
      strangerLimit: () => this.#waitingLimit + this.#newcomers.limit,
      limitStrangers: (part) => {
        this.#waitingLimit = Math.min(WAITING_LIMIT, part)
        this.#newcomers.limit = Math.min(NEWCOMER_LIMIT, Math.max(1, part))
      },
      resume: () => this.#resume(),
    }
  }

  /** Clients never take the descriptors that a reload needs. */
  #keepDescriptors(address: string, held: HeldSocket | undefined): void {
    try {
      joinShares(this.#share, address)
    } catch (error) {
      for (const server of this.#servers.keys()) server.close()
      held?.dropClients()
      throw error
    }
    const { connectionLimit, clientDescriptors = 1 } = this.#options
    const places = Math.max(1, Math.floor(roomForServed() / clientDescriptors))
    this.#places.limit = Math.min(connectionLimit || Number.POSITIVE_INFINITY, places)
  }

  /** Clients that wait are heard as little as in the queue of the kernel, and go on in the order in which they came. */
  #admit(socket: Socket): void {
    if (this.#hasRoom) {
      this.#begin(socket)
      return
    }
    if (this.#waiting.length >= this.#waitingLimit && !this.#sendStrangerAway()) {
      if (this.#places.areTaken) {
        this.#sendAway(socket)
        return
      }
      this.#newcomers.displaceOne()
    }
    this.#waiting.add(socket)
    this.#beginWaiting()
  }

  /** Whether something can be begun with one more client. */
  get #hasRoom(): boolean {
    return this.#newcomers.hasRoom && !this.#places.areTaken
  }

  #begin(socket: Socket): void {
    new Completions(() => socket.destroy()).own(this.serve(socket, printPeer(socket)))
  }

  /** Newcomers who take long make room for clients that wait only for that. */
  #watchStalled(): void {
    if (this.#places.areTaken || this.#waiting.length === 0) return
    this.#patience ??= setTimeout(() => this.#displaceStalled(), PATIENCE)
  }

  #displaceStalled(): void {
    this.#patience = undefined
    if (this.#places.areTaken) return
    for (let count = this.#waiting.length; count > 0; count--) {
      if (!this.#newcomers.displaceOne(PATIENCE)) break
    }
    this.#beginWaiting()
  }

  async #letIn(connection: EndpointConnection): Promise<void> {
    this.#newcomers.remove(connection)
    const placed = this.#places.take(connection)
    this.#beginWaiting()
    await placed
  }

  /** Makes room in the line. @returns whether there was one. */
  #sendStrangerAway(): boolean {
    const stranger = this.#waiting.takeSilent()
    if (stranger) this.#sendAway(stranger)
    return stranger !== undefined
  }

  #sendAway(socket: Socket): void {
    const diagnostic = diagnose(ENDPOINT_KINDS.tooManyWaiting, { limit: this.#waitingLimit })
    const origin = { connection: ++this.#count, from: printPeer(socket) }
    this.#context.tell({ ...origin, event: 'refused', diagnostics: [diagnostic] })
    socket.destroy()
  }

  #leave(connection: EndpointConnection): void {
    this.#connections.delete(connection)
    this.#newcomers.remove(connection)
    this.#places.leave(connection)
    this.#wasUsed ||= connection.wasUsed
    this.#beginWaiting()
    resumeOthers(this.#share)
    if (this.#connections.size > 0) return
    this.#options.onEmpty?.()
    this.#onGone()
    if (this.#wasUsed) this.#options.onDeserted?.()
  }

  #resume(): void {
    this.#places.resume()
    this.#beginWaiting()
  }

  /** As many as there is room for: those who are silent take no place, and delay no other one for long. */
  #beginWaiting(): void {
    while (this.#hasRoom) {
      const next = this.#waiting.next()
      if (!next) return
      this.#begin(next)
    }
    this.#watchStalled()
  }
}

/** Of a port that the system chooses, each socket has its own. */
function keyOf(
  options: ListenOptions & { readonly fd?: number },
  file: SocketFile | undefined,
  allowHalfOpen: boolean,
): string | undefined {
  const { path, host = '', port = 0, fd, ipv6Only = false } = options
  if (path === undefined && fd === undefined && port === 0) return undefined
  return JSON.stringify([path, fd, host, port, ipv6Only, file, allowHalfOpen])
}
