/** What every probe works with: the server, and all that earlier questions have shown of it. */
import type { Connections } from '../connection/connections.ts'
import type { Asked } from '../connection/failure.ts'
import type { Finished13 } from '../conversation/finish13.ts'
import type { Handshake13 } from '../conversation/handshake13.ts'
import type { Offer } from '../conversation/offer.ts'
import { askHello, type Flight, type Reply } from '../conversation/server-flight.ts'

export class ProbedServer {
  readonly connections: Connections
  /** What is sent as server_name. */
  readonly serverName: string | undefined
  /** Every answer before TLS 1.3, and every choice of TLS 1.3: one question shows more than it asked for. */
  readonly flights: Flight[] = []
  /** Every handshake of TLS 1.3 that came to the server's signature. */
  readonly handshakes: Handshake13[] = []
  /** The one that was finished, and what the server said to that. */
  resumable: Handshake13 | undefined
  finished: Finished13 | undefined

  constructor(connections: Connections, serverName: string | undefined) {
    this.connections = connections
    this.serverName = serverName
  }

  /** Sends one ClientHello. */
  async hello(claim: string, offer: Omit<Offer, 'serverName'>): Promise<Asked<Reply>> {
    const { serverName } = this
    const asked = await this.connections.ask(claim, (exchange) =>
      askHello(exchange, { serverName, ...offer }),
    )
    if (asked.isAnswered && asked.value.kind === 'flight') this.flights.push(asked.value.flight)
    return asked
  }
}

/** The flight of a reply that chose this version. */
export function flightOf(asked: Asked<Reply>, version: number): Flight | undefined {
  if (!asked.isAnswered || asked.value.kind !== 'flight') return undefined
  const { flight } = asked.value
  return flight.version === version ? flight : undefined
}
