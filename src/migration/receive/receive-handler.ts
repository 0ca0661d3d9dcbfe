/** One connection of a source: its handshake, then a channel of the migration. */
import type { ConnectionHandler, EndpointConnection } from '../../endpoint/connection.ts'
import type { Security } from '../../endpoint/security.ts'
import type { Reception, SourceConnection } from './reception.ts'

export class ReceiveHandler implements ConnectionHandler {
  readonly #security: Security
  readonly #reception: Reception
  #isLetIn = false

  constructor(security: Security, reception: Reception) {
    this.#security = security
    this.#reception = reception
  }

  async run(connection: EndpointConnection): Promise<string> {
    const source = await this.#secure(connection)
    const ending = await this.#reception.take(source, {
      withinLimit: (work) => connection.withinHandshakeLimit(work),
      letIn: async () => {
        await connection.letIn()
        this.#isLetIn = true
      },
    })
    connection.close(source.stream)
    return ending
  }

  /** The reception closes its connections when it is over. */
  drain(): boolean {
    return this.#isLetIn
  }

  async #secure(connection: EndpointConnection): Promise<SourceConnection> {
    const { tlsMode, secure } = this.#security
    if (tlsMode === 'off') return { stream: connection.socket, sentTickets: false }
    const { socket, sentTickets } = await connection.withinHandshakeLimit(() =>
      connection.secure(connection.socket, secure),
    )
    return { stream: socket, sentTickets }
  }
}
