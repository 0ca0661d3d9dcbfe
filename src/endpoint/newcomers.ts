/**
 * Connections whose clients were not let in yet. They are bounded apart from clients that are served: silent
 * strangers take no place of a client, and no descriptor of one.
 */
import type { EndpointConnection } from './connection.ts'
import { hostOf } from './connection-event.ts'

/** A client that takes longer than this until it is let in, or says nothing for so long, may have to give way; in milliseconds. */
export const PATIENCE = 1_000

type Arrival = { readonly host: string; readonly time: number }

export class Newcomers {
  limit: number
  readonly #arrivals = new Map<EndpointConnection, Arrival>()

  constructor(limit: number) {
    this.limit = limit
  }

  get hasRoom(): boolean {
    return this.#arrivals.size < this.limit
  }

  add(connection: EndpointConnection): void {
    const host = hostOf(connection.origin)
    this.#arrivals.set(connection, { host, time: performance.now() })
  }

  /** It was let in, or has left. */
  remove(connection: EndpointConnection): void {
    this.#arrivals.delete(connection)
  }

  /**
   * Ends the one that gives way to another client: the oldest one of the host that has most, so that a
   * host that floods the endpoint displaces its own connections.
   *
   * @param age How long it must have been there, in milliseconds.
   * @returns whether there was one.
   */
  displaceOne(age = 0): boolean {
    const host = this.#mostFrequentHost()
    for (const [connection, arrival] of this.#arrivals) {
      if (arrival.host !== host) continue
      if (performance.now() - arrival.time < age) return false
      this.#arrivals.delete(connection)
      connection.giveWay()
      return true
    }
    return false
  }

  #mostFrequentHost(): string | undefined {
    const counts = new Map<string, number>()
    for (const { host } of this.#arrivals.values()) counts.set(host, (counts.get(host) ?? 0) + 1)
    let most: string | undefined
    for (const [host, count] of counts) {
      if (most === undefined || count > (counts.get(most) ?? 0)) most = host
    }
    return most
  }
}
