/** One client of a socket that listens: let in first, then handed over to the link. */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { ConnectionHandler, EndpointConnection } from '../../endpoint/connection.ts'
import { cutOff } from '../../endpoint/cut-off.ts'
import type { TlsPeer } from '../../tls/credentials/tls-session.ts'
import type { SocketBackend } from '../definition/chardev-definition.ts'
import type { ConnectedPlaces } from '../definition/filename.ts'
import type { EndSession } from '../end/chardev-end.ts'
import { frame } from './framing.ts'
import type { SocketSecurity } from './socket-security.ts'

export type ClientSession = EndSession & {
  readonly places: ConnectedPlaces
  /** That its stream goes over. */
  readonly connection: Duplex
}

export type ClientHandlerOptions = {
  readonly socket: SocketBackend
  readonly security: SocketSecurity
  /** Hands the client over. */
  readonly arrive: (session: ClientSession) => void
}

export class ClientHandler implements ConnectionHandler {
  readonly #options: ClientHandlerOptions
  readonly #end = Promise.withResolvers<string>()
  #isLetIn = false

  constructor(options: ClientHandlerOptions) {
    this.#options = options
    this.#end.promise.catch(() => {})
  }

  get wasUsed(): boolean {
    return this.#isLetIn
  }

  async run(connection: EndpointConnection): Promise<string> {
    const { stream, peer } = await connection.withinHandshakeLimit(() =>
      this.#negotiate(connection),
    )
    await connection.letIn()
    this.#isLetIn = true
    const { mayWrite } = this.#options.security
    const finished = Promise.withResolvers<void>()
    connection.socket.once('close', finished.resolve)
    const finish = (error?: unknown): Promise<void> => {
      if (error === undefined) this.#end.resolve('closed')
      else this.#end.reject(error)
      return finished.promise
    }
    const { from: place } = connection.origin
    const places = placesOf(connection.socket)
    const session = {
      stream,
      place,
      isStanding: false,
      canEnd: true,
      mayWrite: mayWrite(peer),
      finish,
      places,
      connection: connection.socket,
    }
    this.#options.arrive(session)
    return this.#untilEnd(connection, stream)
  }

  /** The link that it is in ends it. */
  drain(): boolean {
    return this.#isLetIn
  }

  async #negotiate(connection: EndpointConnection): Promise<{ stream: Duplex; peer?: TlsPeer }> {
    const { socket, security } = this.#options
    const { secure } = security
    if (!secure) return { stream: await frame(connection.socket, socket) }
    const session = await connection.secure(connection.socket, secure)
    return { stream: await frame(session.socket, socket), peer: session.peer }
  }

  async #untilEnd(connection: EndpointConnection, stream: Duplex): Promise<string> {
    try {
      const ending = await this.#end.promise
      connection.close(stream)
      // Its end is noticed when all before it was read.
      stream.resume()
      return ending
    } catch (error) {
      // Never within a callback of OpenSSL.
      await setImmediate()
      cutOff(connection.socket)
      throw error
    }
  }
}

/** Addresses of a TCP connection; none of a Unix socket, which has no names at its ends. */
export function placesOf(socket: Duplex): ConnectedPlaces {
  if (!(socket instanceof Socket)) return {}
  const { localAddress, localPort = 0, remoteAddress, remotePort = 0 } = socket
  if (localAddress === undefined || remoteAddress === undefined) return {}
  return {
    local: { address: localAddress, port: localPort },
    remote: { address: remoteAddress, port: remotePort },
  }
}
