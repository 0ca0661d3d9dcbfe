/** The places of clients that are served. Clients that were let in while all places are taken wait in order. */
import { ConnectionEnded } from '../net/byte-channel.ts'
import type { EndpointConnection } from './connection.ts'

export class Places {
  limit: number
  readonly #served = new Set<EndpointConnection>()
  readonly #waiting = new Map<EndpointConnection, PromiseWithResolvers<void>>()

  constructor(limit: number) {
    this.limit = limit
  }

  /** How many clients are served. */
  get count(): number {
    return this.#served.size
  }

  get areTaken(): boolean {
    return this.#served.size >= this.limit
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
    for (const [next, { resolve }] of this.#waiting) {
      if (this.areTaken) return
      this.#waiting.delete(next)
      this.#served.add(next)
      resolve()
    }
  }
}
