/** Asks a server one question for each connection. What comes back is always a value. */
import { createHmac } from 'node:crypto'
import { Exchange } from './exchange.ts'
import { type Asked, failureOf } from './failure.ts'
import { Transcript } from './transcript.ts'
import { isTransport, type TransportSource } from './transport.ts'

/** What has to be said before TLS begins; plain TLS needs nothing. */
type Prelude = (exchange: Exchange) => Promise<void>

export type ConnectionsOptions = {
  readonly source: TransportSource
  /** Draws the random bytes of all questions; a replay has the same. */
  readonly seed: Buffer
  readonly prelude?: Prelude | undefined
  /** Gets what every question sent and received, in the order in which they ended. */
  readonly keep?: ((transcript: Transcript) => void) | undefined
}

/** Whether a server could be reached. */
type Reach = {
  isProved: boolean
  /** Why there was no connection, where one could not be made. */
  failure?: string
}

export class Connections {
  readonly #options: ConnectionsOptions
  readonly #reach: Reach

  /** @param reach That of other connections to the same server. */
  constructor(options: ConnectionsOptions, reach: Reach = { isProved: false }) {
    this.#options = options
    this.#reach = reach
  }

  /** Questions to the same server, over connections that say this first. */
  withPrelude(prelude: Prelude): Connections {
    return new Connections({ ...this.#options, prelude }, this.#reach)
  }

  /** How many connections were begun. */
  get count(): number {
    return this.#options.source.connections
  }

  /** Whether there was any connection. */
  get wasReached(): boolean {
    return this.#reach.isProved
  }

  /** Why there was no connection, where one could not be made. */
  get unreachable(): string | undefined {
    return this.#reach.failure
  }

  /**
   * Opens a connection, upgrades it, and holds the conversation.
   *
   * @param claim What is asked; no two questions of a scan have the same.
   */
  async ask<Value>(
    claim: string,
    converse: (exchange: Exchange) => Promise<Value>,
  ): Promise<Asked<Value>> {
    const { source, prelude, seed, keep } = this.#options
    const transcript = new Transcript(claim)
    const opened = await source.open(claim)
    if (!isTransport(opened)) {
      transcript.failure = opened
      if (opened.failure === 'unreachable') this.#reach.failure = opened.reason
      if (opened.failure === 'timed-out') this.#reach.failure = 'it does not answer'
      keep?.(transcript)
      return { isAnswered: false, failure: opened }
    }
    this.#reach.isProved = true
    const own = createHmac('sha256', seed).update(claim).digest()
    const exchange = new Exchange(opened, transcript, own)
    try {
      await prelude?.(exchange)
      return { isAnswered: true, value: await converse(exchange) }
    } catch (error) {
      return { isAnswered: false, failure: failureOf(error) }
    } finally {
      opened.close()
      keep?.(transcript)
    }
  }
}
