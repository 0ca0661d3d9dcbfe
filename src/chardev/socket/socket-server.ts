/** A socket chardev that listens: each client is a session, one after the other or several at a time. */
import type { AddressInfo } from 'node:net'
import { Listener } from '../../endpoint/listener.ts'
import { listenAtPorts } from '../../endpoint/listening-ports.ts'
import { printBoundAddress } from '../../net/address.ts'
import type { ChardevContext } from '../chardev-context.ts'
import type { ChardevDefinition, SocketBackend } from '../definition/chardev-definition.ts'
import { chardevFilename } from '../definition/filename.ts'
import type { ChardevEnd, EndSession } from '../end/chardev-end.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { ClientHandler, type ClientSession } from './client-handler.ts'
import { watchDeparture } from './departure-watch.ts'
import { unixPath } from './socket-address.ts'
import { findSocketSecurity, type SocketSecurity } from './socket-security.ts'

export type SocketDefinition = ChardevDefinition & SocketBackend

export class SocketServer implements ChardevEnd {
  readonly definition: SocketDefinition
  readonly isLasting = true
  readonly #context: ChardevContext
  readonly #security: SocketSecurity
  readonly #listener: Listener
  /** Clients that were let in and wait for their turn, and what ends the watch over each. */
  readonly #arrived = new Map<ClientSession, () => void>()
  readonly #taken = new Set<ClientSession>()
  #wake: () => void = () => {}
  #port: number | undefined

  /** @throws DiagnosticError OBJECT_..., CHARDEV_... */
  constructor(definition: SocketDefinition, context: ChardevContext) {
    const { handshakeLimit, clientLimit, tell, trafficOf } = context
    this.definition = definition
    this.#context = context
    this.#security = findSocketSecurity(context.objects, definition, handshakeLimit)
    const options = { socket: definition, security: this.#security, arrive: this.#arrive }
    this.#listener = new Listener({
      handle: () => new ClientHandler(options),
      connectionLimit: clientLimit,
      handshakeLimit,
      allowHalfOpen: true,
      clientsBegin: true,
      traffic: trafficOf?.(definition.id),
      onEvent: (event) => tell({ ...event, chardev: definition.id }),
    })
  }

  async start(): Promise<string> {
    const bound = await this.#listen()
    if (typeof bound !== 'string') this.#port = bound.port
    return printBoundAddress(bound).replace(/^\0/, '@').replace(/\0+$/, '')
  }

  async open(signal: AbortSignal): Promise<EndSession> {
    for (;;) {
      signal.throwIfAborted()
      const [session] = this.#arrived.keys()
      if (session) {
        this.#unwatch(session)
        return session
      }
      const arrival = Promise.withResolvers<void>()
      this.#wake = arrival.resolve
      await unlessAborted(arrival.promise, signal)
    }
  }

  filename(): string {
    const [session] = this.#taken
    return chardevFilename(this.definition, { port: this.#port, connected: session?.places })
  }

  async close(limit: number): Promise<void> {
    for (const session of this.#arrived.keys()) this.#forget(session)
    await this.#listener.drain(limit)
    this.#security.release()
  }

  readonly #arrive = (session: ClientSession): void => {
    this.#arrived.set(session, watchDeparture(session.stream, session.connection))
    this.#taken.add(session)
    session.stream.once('close', () => {
      this.#taken.delete(session)
      this.#forget(session)
    })
    this.#wake()
  }

  /** One that has no turn any more. */
  #forget(session: ClientSession): void {
    if (this.#unwatch(session)) void session.finish()
  }

  /** @returns whether it was waiting. */
  #unwatch(session: ClientSession): boolean {
    this.#arrived.get(session)?.()
    return this.#arrived.delete(session)
  }

  #listen(): Promise<AddressInfo | string> {
    const { address } = this.definition
    if (address.kind === 'fd') return this.#listener.listen({ fd: address.descriptor })
    if (address.kind === 'inet') return listenAtPorts(this.#listener, address)
    const path = unixPath(address)
    const { socketMode: mode } = this.#context
    return this.#listener.listen({ path }, mode === undefined ? undefined : { mode })
  }
}
