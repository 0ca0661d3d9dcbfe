/** The smallest endpoint: sends back what a secured client says. Built from the shared rooms alone. */
import type { ConnectionHandler, EndpointConnection } from '../../src/endpoint/connection.ts'
import type { ConnectionEvent } from '../../src/endpoint/connection-event.ts'
import { Listener } from '../../src/endpoint/listener.ts'
import { findSecurity, type Secure } from '../../src/endpoint/security.ts'
import type { TlsObjects } from '../../src/tls/objects/tls-objects.ts'

class Echo implements ConnectionHandler {
  readonly #secure: Secure
  wasUsed = false
  #end: (() => void) | undefined

  constructor(secure: Secure) {
    this.#secure = secure
  }

  async run(connection: EndpointConnection): Promise<string> {
    const { socket } = await connection.withinHandshakeLimit(() =>
      connection.secure(connection.socket, this.#secure),
    )
    this.wasUsed = true
    const drained = new Promise<string>((resolve) => {
      this.#end = () => resolve('drained')
    })
    socket.on('data', (bytes) => void socket.write(bytes))
    const over = new Promise<string>((resolve) => socket.once('end', () => resolve('closed')))
    const ending = await connection.withinIdleLimit(socket, () => Promise.race([over, drained]))
    connection.close(socket)
    return ending
  }

  drain(): boolean {
    this.#end?.()
    return this.#end !== undefined
  }
}

/** @param limits As those of every endpoint. */
export function echoEndpoint(
  objects: TlsObjects,
  onEvent: (event: ConnectionEvent) => void,
  limits: { connectionLimit?: number; handshakeLimit?: number; idleLimit?: number } = {},
): Listener {
  const { secure } = findSecurity(objects, {
    credentials: 'tls0',
    authorization: 'clients',
    handshakeLimit: limits.handshakeLimit ?? 10,
  })
  return new Listener({ ...limits, onEvent, handle: () => new Echo(secure) })
}
