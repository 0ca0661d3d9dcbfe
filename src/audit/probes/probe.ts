/** What every probe works with: the server, and all that earlier questions have shown of it. */
import type { Connections } from '../connection/connections.ts'
import type { Exchange } from '../connection/exchange.ts'
import type { Asked } from '../connection/failure.ts'
import { PAUSES, PatientConnections } from '../connection/patient-connections.ts'
import type { Finished13 } from '../conversation/finish13.ts'
import type { Handshake13 } from '../conversation/handshake13.ts'
import { helloOf, type Naming, type Offer } from '../conversation/offer.ts'
import { askHello, type Flight, type HelloReply, sendHello } from '../conversation/server-flight.ts'
import { keyShare, supportedVersions } from '../messages/extensions.ts'
import { COMMON_GROUPS } from '../messages/iana-groups.ts'
import { VERSION } from '../messages/iana-numbers.ts'
import { COMMON_SUITES } from '../messages/iana-suites.ts'
import type { ServerKeyExchange } from '../messages/server-key-exchange.ts'
import type { Answer } from '../model.ts'
import { endOf, lackIn } from './answers.ts'
import type { Choice } from './enumerate.ts'

/** Offers of so many leave room for the rest of a message of 255 bytes. */
const SMALL_BATCH = 24

/** Most servers choose of it, and most others send an alert. */
const ANYTHING: Offer = {
  version: VERSION.TLS12,
  suites: COMMON_SUITES,
  extra: [
    supportedVersions([VERSION.TLS13, VERSION.TLS12, VERSION.TLS11, VERSION.TLS10]),
    keyShare([]),
  ],
  ...{ serverName: undefined, isSmall: true },
}

/** What the protocol within TLS has to do with certificates of clients. */
export type ProtocolWays = {
  /** What a client says first when TLS has begun, and every server answers; undefined where there is no such thing. */
  readonly firstRequest?: Buffer
  /** Whether to turn a client away without a certificate is no more than to end the connection. */
  readonly refusesByEnding?: true
}

export class ProbedServer {
  readonly connections: Pick<Connections, 'ask'>
  /** What all offers to it have. */
  readonly naming: Naming
  /** How much of a kind may be offered at a time; undefined where everything may. */
  readonly batch: number | undefined
  readonly ways: ProtocolWays
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

  /** The first offer of which it chose. */
  #chosenFrom: Offer | undefined
  readonly #source: Pick<Connections, 'ask'>
  readonly #pauses: readonly number[]

  /**
   * @param pauses How long a server is given that ends connections without a word, in milliseconds.
   * @param isSmall Whether its messages are kept small.
   */
  constructor(
    connections: Pick<Connections, 'ask'>,
    serverName: string | undefined,
    pauses = PAUSES,
    ways: ProtocolWays = {},
    isSmall = false,
  ) {
    this.#source = connections
    this.#pauses = pauses
    this.connections = new PatientConnections(connections, (own) => this.#askControl(own), pauses)
    this.naming = { serverName, isSmall }
    this.batch = isSmall ? SMALL_BATCH : undefined
    this.ways = ways
  }

  /** The same server, of which nothing is known yet, asked by small messages. */
  withSmallHellos(): ProbedServer {
    const ask: Connections['ask'] = (claim, converse) =>
      this.#source.ask(`${claim}, small`, converse)
    const { serverName } = this.naming
    return new ProbedServer({ ask }, serverName, this.#pauses, this.ways, true)
  }

  /** Of these groups, those that are offered where no group is asked for. */
  usual(groups: readonly number[]): readonly number[] {
    return this.naming.isSmall ? groups.filter((group) => COMMON_GROUPS.includes(group)) : groups
  }

  /** Sends one ClientHello. */
  async hello(claim: string, offer: Omit<Offer, 'serverName'>): Promise<Asked<HelloReply>> {
    const named = { ...this.naming, ...offer }
    const asked = await this.connections.ask(claim, (exchange) => askHello(exchange, named))
    if (asked.isAnswered && asked.value.kind === 'flight') {
      this.flights.push(asked.value.flight)
      this.#chosenFrom ??= named
    }
    return asked
  }

  /** It can answer what it has answered before: some servers refuse all else without a word. */
  async #askControl(exchange: Exchange): Promise<void> {
    const offer = this.#chosenFrom ?? ANYTHING
    await sendHello(exchange, offer, helloOf(offer, exchange))
    await exchange.read(1)
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

/** The flight of a reply that chose this version. */
export function flightOf(asked: Asked<HelloReply>, version: number): Flight | undefined {
  if (!asked.isAnswered || asked.value.kind !== 'flight') return undefined
  const { flight } = asked.value
  return flight.version === version ? flight : undefined
}

/** Why the reply lacks what was asked for of a flight of this version. */
export function endOfFlight(asked: Asked<HelloReply>, version: number): Answer {
  const flight = flightOf(asked, version)
  return flight ? lackIn(flight) : endOf(asked)
}
