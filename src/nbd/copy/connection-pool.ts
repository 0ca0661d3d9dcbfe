/** Several connections to one export, where its server takes several. */
import { isDeepStrictEqual } from 'node:util'
import { type Diagnostic, DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { NET_KINDS } from '../../net/net-diagnostics.ts'
import { NbdClient } from '../client/nbd-client.ts'
import type { NbdUri } from '../client/nbd-uri.ts'
import type { NbdClientOptions } from '../client/open-connection.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'

export class ConnectionPool {
  readonly first: NbdClient
  readonly #uri: NbdUri
  readonly #options: NbdClientOptions
  readonly #clients: NbdClient[]
  readonly #closing = new AbortController()
  #growth: Promise<unknown> = Promise.resolve()
  #next = 0

  private constructor(first: NbdClient, uri: NbdUri, options: NbdClientOptions) {
    this.first = first
    this.#uri = uri
    this.#options = options
    this.#clients = [first]
  }

  /** Opens the first connection. */
  static async open(uri: NbdUri, options: NbdClientOptions): Promise<ConnectionPool> {
    const first = await NbdClient.connect(uri.address, uri.exportName, options)
    return new ConnectionPool(first, uri, options)
  }

  get size(): number {
    return this.#clients.length
  }

  /**
   * Opens more connections, one after the other. There are more than one only where the export says
   * that what one writes the others read. A server that allows fewer serves with those.
   *
   * @param wanted How many at most, with the first one.
   * @returns When there are so many, or the server did not take one more within the time limit.
   */
  async grow(wanted: number): Promise<void> {
    const growth = this.#grow(wanted)
    this.#growth = growth
    await growth
  }

  /**
   * The same beside the work, until the pool is closed: a server that lets no more clients in keeps
   * one waiting until another client has left.
   */
  growMeanwhile(wanted: number): void {
    const growth = async (): Promise<void> => {
      while ((await this.#grow(wanted)) === 'late');
    }
    this.#growth = growth()
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

  /** Gives up the connections that are not there yet, and ends the others in order. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#growth
    await Promise.all(this.#clients.map((client) => client.disconnect()))
  }

  async #grow(wanted: number): Promise<'done' | 'late'> {
    if (!this.first.can('CAN_MULTI_CONN')) return 'done'
    try {
      while (this.size < wanted && this.first.isOpen && !this.#closing.signal.aborted) {
        if (!(await this.#add())) return 'done'
      }
      return 'done'
    } catch (error) {
      // Servers that allow only so many connections serve with those.
      return isLate(error) ? 'late' : 'done'
    }
  }

  /** @returns Whether it belongs to the pool. */
  async #add(): Promise<boolean> {
    const { address, exportName } = this.#uri
    const client = await NbdClient.connect(address, exportName, this.#optionsOfOthers())
    const difference = differenceBetween(this.first, client)
    if (difference === undefined && !this.#closing.signal.aborted) {
      this.#clients.push(client)
      return true
    }
    await client.disconnect()
    if (difference !== undefined) this.#options.warn?.(this.#unlike(difference))
    return false
  }

  /** Where the first connection is safe, no other one goes on in clear. */
  #optionsOfOthers(): NbdClientOptions {
    const { tls = { mode: 'off' } } = this.#options
    const isSafe = this.first.tls !== undefined && tls.mode !== 'off'
    const mode = isSafe ? ({ ...tls, mode: 'required' } as const) : tls
    // What can be said of a connection was said of the first one.
    return { ...this.#options, tls: mode, warn: () => {}, signal: this.#closing.signal }
  }

  #unlike(what: string): Diagnostic {
    return diagnose(COPY_KINDS.unlike, { uri: this.#uri.text, what, connections: this.size })
  }
}

function isLate(error: unknown): boolean {
  const reasons = error instanceof DiagnosticError ? error.diagnostics : []
  return reasons.some(({ code }) => code === NET_KINDS.timedOut.code)
}

/** What the server says otherwise of the export than it did to the first connection. */
function differenceBetween(first: NbdClient, other: NbdClient): string | undefined {
  if (other.info.size !== first.info.size) return 'another size'
  if (other.info.flags !== first.info.flags) return 'other abilities'
  if (!isDeepStrictEqual(other.info.blockSizes, first.info.blockSizes)) return 'other block sizes'
  return other.hasBlockStatus === first.hasBlockStatus ? undefined : 'another map'
}
