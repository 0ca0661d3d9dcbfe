/** The places of clients that are served. Clients that were let in while all places are taken wait in order. */
import { ConnectionEnded } from '../net/byte-channel.ts'
import type { EndpointConnection } from './connection.ts'

export class Places {
  limit: number
  readonly #hasShare: () => boolean
  readonly #served = new Set<EndpointConnection>()
  readonly #waiting = new Map<EndpointConnection, PromiseWithResolvers<void>>()

  /** @param hasShare Whether other endpoints of this process leave room for one more client. */
  constructor(limit: number, hasShare: () => boolean) {
    this.limit = limit
    this.#hasShare = hasShare
  }

  /** How many clients are served. */
  get count(): number {
    return this.#served.size
  }

  /** One client is served in any case, whatever the others take. */
  get areTaken(): boolean {
    const { size } = this.#served
    return size >= this.limit || (size > 0 && !this.#hasShare())
  }

  /**
   * Resolves when the client has a place. One whose connection is closed needs none: what it has said
   * before may still be served.
   *
   * @throws ConnectionEnded where it leaves while it waits.
   */
  async take(connection: EndpointConnection): Promise<void> {
    if (connection.socket.destroyed) return
    if (!this.areTaken) {
      this.#served.add(connection)
      return
    }
    const turn = Promise.withResolvers<void>()
    this.#waiting.set(connection, turn)
    await turn.promise
  }

  /** Its connection is closed; the client that has waited longest takes its place. */
  leave(connection: EndpointConnection): void {
    this.#served.delete(connection)
    this.#waiting.get(connection)?.reject(new ConnectionEnded(undefined))
    this.#waiting.delete(connection)
    this.resume()
  }

  /** Those that have waited longest take the places that are free. */
  resume(): void {
    for (const [next, { resolve }] of this.#waiting) {
      if (this.areTaken) return
      this.#waiting.delete(next)
      this.#served.add(next)
      resolve()
    }
  }
}
