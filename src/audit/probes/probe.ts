/** What every probe works with: the server, and all that earlier questions have shown of it. */
import type { Connections } from '../connection/connections.ts'
import type { Exchange } from '../connection/exchange.ts'
import type { Asked } from '../connection/failure.ts'
import { PAUSES, PatientConnections } from '../connection/patient-connections.ts'
import type { Finished13 } from '../conversation/finish13.ts'
import type { Handshake13 } from '../conversation/handshake13.ts'
import { helloOf, type Offer } from '../conversation/offer.ts'
import { askHello, type Flight, type Reply, sendHello } from '../conversation/server-flight.ts'
import { supportedVersions } from '../messages/extensions.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { everySuite } from '../messages/iana-suites.ts'
import type { ServerKeyExchange } from '../messages/server-key-exchange.ts'
import type { Choice } from './enumerate.ts'

export class ProbedServer {
  readonly connections: Pick<Connections, 'ask'>
  /** What is sent as server_name. */
  readonly serverName: string | undefined
  /** What a client says first when TLS has begun, and every server answers; undefined where there is no such thing. */
  readonly firstRequest: Buffer | undefined
  /** Every answer before TLS 1.3, and every choice of TLS 1.3: one question shows more than it asked for. */
  readonly flights: Flight[] = []
  /** What it chose when all protocols of ALPN were on offer; undefined where that was not asked. */
  firstProtocol: Choice | undefined
  /** Whether it has gone on with values that no server knows. */
  passesUnknown = false
  /** Every handshake of TLS 1.3 that came to the server's signature. */
  readonly handshakes: Handshake13[] = []
  /** The one that was finished, and what the server said to that. */
  resumable: Handshake13 | undefined
  finished: Finished13 | undefined

  /** @param pauses How long a server is given that ends connections without a word, in milliseconds. */
  constructor(
    connections: Pick<Connections, 'ask'>,
    serverName: string | undefined,
    pauses = PAUSES,
    firstRequest?: Buffer,
  ) {
    this.connections = new PatientConnections(connections, askAnything, pauses)
    this.serverName = serverName
    this.firstRequest = firstRequest
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

/** What a server sent for exchanges of keys so far. Before others than suites are asked for, all groups and schemes were on offer. */
export function shownExchanges(
  { flights }: ProbedServer,
  version: number,
): readonly ServerKeyExchange[] {
  return flights
    .filter((flight) => flight.version === version)
    .flatMap(({ keyExchange }) => keyExchange ?? [])
}

/** Every server says something to it, be it an alert. */
async function askAnything(exchange: Exchange): Promise<void> {
  const suites = [...everySuite(VERSION.TLS13), ...everySuite(VERSION.TLS12)]
  const versions = [VERSION.TLS13, VERSION.TLS12, VERSION.TLS11, VERSION.TLS10]
  const extra = [supportedVersions(versions)]
  const offer = { version: VERSION.TLS12, suites, extra, serverName: undefined }
  await sendHello(exchange, offer, helloOf(offer, exchange))
  await exchange.read(1)
}

/** The flight of a reply that chose this version. */
export function flightOf(asked: Asked<Reply>, version: number): Flight | undefined {
  if (!asked.isAnswered || asked.value.kind !== 'flight') return undefined
  const { flight } = asked.value
  return flight.version === version ? flight : undefined
}
