/** A socket chardev that connects: each connection is a session. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import { fail } from '../../diagnostics/diagnostic.ts'
import { cutOff } from '../../endpoint/cut-off.ts'
import { handshakeTimeout } from '../../endpoint/handshake-limit.ts'
import { dial } from '../../net/dial.ts'
import { NET_KINDS } from '../../net/net-diagnostics.ts'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'
import type { ChardevContext } from '../chardev-context.ts'
import { type ConnectedPlaces, chardevFilename } from '../definition/filename.ts'
import type { ChardevEnd, EndSession } from '../end/chardev-end.ts'
import { placesOf } from './client-handler.ts'
import { frame } from './framing.ts'
import { dialledAddress, inheritedSocket, printChardevAddress } from './socket-address.ts'
import { findSocketSecurity, type SocketSecurity } from './socket-security.ts'
import type { SocketDefinition } from './socket-server.ts'

/** How long the other side may take to take what is left, and to close, in milliseconds. */
const PATIENCE = 30_000
const LINGER = 5_000

/** How long all that may take when a user or a signal ends the whole chardev. */
const PARTING = 1_000

export class SocketClient implements ChardevEnd {
  readonly definition: SocketDefinition
  readonly #security: SocketSecurity
  readonly #timeout: number
  readonly #open = new Set<Socket>()
  #connected: ConnectedPlaces | undefined

  /** @throws DiagnosticError OBJECT_..., CHARDEV_... */
  constructor(definition: SocketDefinition, context: ChardevContext) {
    this.definition = definition
    this.#security = findSocketSecurity(context.objects, definition, context.handshakeLimit)
    this.#timeout = handshakeTimeout(context.handshakeLimit)
  }

  get isLasting(): boolean {
    return this.definition.reconnect > 0
  }

  async start(): Promise<undefined> {}

  async open(signal: AbortSignal): Promise<EndSession> {
    const socket = await this.#dial(signal)
    socket.on('error', () => {})
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#connected = undefined
    })
    const { stream, tls } = await this.#letIn(socket, signal)
    this.#connected = placesOf(socket)
    const place = printChardevAddress(this.definition.address)
    const finish = (error?: unknown) => finishSession(socket, stream, error)
    return { stream, place, tls, isStanding: false, canEnd: true, finish }
  }

  filename(): string {
    return chardevFilename(this.definition, { connected: this.#connected })
  }

  /** Sessions end in order first, so that what was typed last goes out. */
  async close(limit: number): Promise<void> {
    const patience = new AbortController()
    const late = delay(Math.min(limit, PARTING), undefined, patience).catch(() => {})
    await Promise.race([Promise.all([...this.#open].map(closeOf)), late])
    patience.abort()
    for (const socket of this.#open) socket.destroy()
    this.#security.release()
  }

  async #dial(signal: AbortSignal): Promise<Socket> {
    const { address, id } = this.definition
    if (address.kind === 'fd') return inheritedSocket(address.descriptor)
    const family = address.kind === 'inet' ? address.family : undefined
    const options = { timeout: this.#timeout, signal, family, allowHalfOpen: true }
    return dial(dialledAddress(address, id), options)
  }

  /** @throws DiagnosticError; the connection is then destroyed. */
  async #letIn(
    socket: Socket,
    signal: AbortSignal,
  ): Promise<{ stream: Duplex; tls?: TlsFacts | undefined }> {
    const giveUp = () => void socket.destroy()
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      const session = await this.#security.secure?.(socket)
      const stream = await this.#frame(session?.socket ?? socket, giveUp)
      return { stream, tls: session }
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  /** @throws DiagnosticError CHARDEV_NOT_WEBSOCKET, NET_TIMED_OUT */
  async #frame(connection: Duplex, giveUp: () => void): Promise<Duplex> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      giveUp()
    }, this.#timeout)
    try {
      return await frame(connection, this.definition)
    } catch (error) {
      if (!isLate) throw error
      const server = printChardevAddress(this.definition.address)
      const seconds = this.#timeout / 1000
      return fail(NET_KINDS.timedOut, { server, what: 'speak WebSocket', seconds })
    } finally {
      clearTimeout(timer)
    }
  }
}

function closeOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => void socket.once('close', resolve))
}

/** What was written goes out first, then the end of TLS, then that of the connection. */
async function finishSession(socket: Socket, stream: Duplex, error: unknown): Promise<void> {
  if (error !== undefined) {
    // Never within a callback of OpenSSL.
    await setImmediate()
    cutOff(socket)
    return
  }
  if (socket.closed) return
  const closed = closeOf(socket)
  // Its end is noticed when all before it was read.
  stream.resume()
  let timer = setTimeout(() => socket.destroy(), PATIENCE)
  stream.end(() => {
    clearTimeout(timer)
    timer = setTimeout(() => socket.destroy(), LINGER)
  })
  await closed
  clearTimeout(timer)
}
