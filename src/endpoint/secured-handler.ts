/** For endpoints whose clients begin with TLS: the handshake first, then the endpoint's own work. */
import type { TlsSession } from '../tls/credentials/tls-session.ts'
import type { ConnectionHandler, EndpointConnection } from './connection.ts'
import type { Secure } from './security.ts'

/**
 * Serves a client that was let in; the connection is closed politely afterwards.
 *
 * @param draining Aborted when the endpoint is to end: what is under way is finished then.
 * @returns how it ended, in words.
 */
export type ServeSession = (session: TlsSession, draining: AbortSignal) => Promise<string>

export class SecuredHandler implements ConnectionHandler {
  readonly #secure: Secure
  readonly #serve: ServeSession
  readonly #draining = new AbortController()
  #wasUsed = false

  constructor(secure: Secure, serve: ServeSession) {
    this.#secure = secure
    this.#serve = serve
  }

  get wasUsed(): boolean {
    return this.#wasUsed
  }

  async run(connection: EndpointConnection): Promise<string> {
    const session = await connection.withinHandshakeLimit(() =>
      connection.secure(connection.socket, this.#secure),
    )
    await connection.letIn()
    this.#wasUsed = true
    const { socket } = session
    const serve = () => this.#serve(session, this.#draining.signal)
    const ending = await connection.withinIdleLimit(socket, serve)
    connection.close(socket)
    return ending
  }

  /** A client that is in its handshake has nothing under way. */
  drain(): boolean {
    this.#draining.abort()
    return this.#wasUsed
  }
}
