/** Several connections to one export, where its server takes several. */
import { NbdClient, type NbdClientOptions } from '../client/nbd-client.ts'
import type { NbdUri } from '../client/nbd-uri.ts'

export class ConnectionPool {
  readonly first: NbdClient
  readonly #clients: NbdClient[]
  #next = 0

  private constructor(first: NbdClient) {
    this.first = first
    this.#clients = [first]
  }

  /**
   * @param connections How many at most; more than one only where the export says that what one
   *   writes the others read.
   */
  static async open(
    { address, exportName }: NbdUri,
    connections: number,
    options: NbdClientOptions,
  ): Promise<ConnectionPool> {
    const pool = new ConnectionPool(await NbdClient.connect(address, exportName, options))
    const wanted = pool.first.can('CAN_MULTI_CONN') ? connections : 1
    try {
      while (pool.#clients.length < wanted) {
        pool.#clients.push(await NbdClient.connect(address, exportName, options))
      }
    } catch (error) {
      // Servers that allow only so many connections serve with those.
      if (!pool.first.isOpen) throw error
    }
    return pool
  }

  get size(): number {
    return this.#clients.length
  }

  /** The connection whose turn it is. */
  next(): NbdClient {
    this.#next = (this.#next + 1) % this.#clients.length
    return this.#clients[this.#next] ?? this.first
  }

  /** Waits until everything that was written over any of them is on disk. */
  async flush(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.flush()))
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.disconnect()))
  }
}
