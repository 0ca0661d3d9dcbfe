/** Opens a connection to a server for each question, as many as are permitted and not too fast. */
import type { Socket } from 'node:net'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { SocketAddress } from '../../net/address.ts'
import { dial } from '../../net/dial.ts'
import { NET_KINDS } from '../../net/net-diagnostics.ts'
import { type Failure, wasBegun } from './failure.ts'
import { pause } from './pause.ts'
import { SocketTransport, type TransportLimits } from './socket-transport.ts'
import type { Transport, TransportSource } from './transport.ts'

export type DialLimits = TransportLimits & {
  /** How long it may take until there is a connection, in milliseconds. */
  readonly connecting: number
  /** How many connections may be begun; undefined where any number may. */
  readonly budget: number | undefined
  /** How many connections may be begun in a second; undefined where any number may. */
  readonly rate: number | undefined
  /** How many connections may be open at a time. */
  readonly atOnce: number
  /** How many bytes may come over all connections: what they show is kept. */
  readonly allBytes: number
  /**
   * How long all questions may take, in milliseconds; connections that were begun by then end in their own time.
   * A permitted rate adds to it.
   */
  readonly allTime: number
}

export const DEFAULT_LIMITS: DialLimits = {
  connecting: 5000,
  silence: 5000,
  duration: 15_000,
  bytes: 1024 * 1024,
  budget: undefined,
  rate: undefined,
  atOnce: 8,
  allBytes: 64 * 1024 * 1024,
  allTime: 600_000,
}

const INTERRUPTED: Failure = { failure: 'interrupted' }

export class DialedSource implements TransportSource {
  readonly #address: SocketAddress
  readonly #limits: DialLimits
  readonly #waiting: (() => void)[] = []
  #connections = 0
  #open = 0
  #next = 0
  #received = 0
  /** When no more connections are begun, by performance.now(). */
  #end: number | undefined
  readonly #stop: AbortSignal | undefined

  /** @param stop Ends all questions; what they have shown is known all the same. */
  constructor(address: SocketAddress, limits: DialLimits, stop?: AbortSignal) {
    this.#address = address
    this.#limits = limits
    this.#stop = stop
  }

  get connections(): number {
    return this.#connections
  }

  async open(): Promise<Transport | Failure> {
    const { budget, allTime } = this.#limits
    this.#end ??= performance.now() + allTime
    const over = this.#over(this.#end)
    if (over) return over
    if (budget !== undefined && this.#connections >= budget) return { failure: 'budget-spent' }
    this.#connections++
    await this.#enter()
    await this.#pace()
    // It may have waited long for others to end.
    const opened = this.#over(this.#end) ?? (await this.#dial())
    if (!('failure' in opened)) return opened
    this.#leave()
    if (!wasBegun(opened)) this.#connections--
    return opened
  }

  /** Why no further connection is begun, whatever the budget. */
  #over(end: number): Failure | undefined {
    if (this.#stop?.aborted) return INTERRUPTED
    if (performance.now() > end) return { failure: 'time-spent' }
    return this.#received > this.#limits.allBytes ? { failure: 'too-much' } : undefined
  }

  async #dial(): Promise<Transport | Failure> {
    try {
      const timeout = this.#limits.connecting
      return this.#carry(await dial(this.#address, { timeout, signal: this.#stop }))
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error
      const [diagnostic] = error.diagnostics
      if (diagnostic?.code === NET_KINDS.givenUp.code) return INTERRUPTED
      if (diagnostic?.code === NET_KINDS.timedOut.code) return { failure: 'timed-out' }
      return { failure: 'unreachable', reason: diagnostic?.message ?? error.message }
    }
  }

  #carry(socket: Socket): Transport {
    const transport = new SocketTransport(socket, this.#limits)
    const interrupt = () => transport.interrupt()
    this.#stop?.addEventListener('abort', interrupt)
    socket.once('close', () => {
      this.#stop?.removeEventListener('abort', interrupt)
      this.#leave()
    })
    socket.on('data', ({ length }: Buffer) => {
      this.#received += length
    })
    // The signal may have come between the connection and its listener.
    if (this.#stop?.aborted) interrupt()
    return transport
  }

  /** Waits until fewer connections are open than may be. */
  async #enter(): Promise<void> {
    if (this.#open < this.#limits.atOnce) {
      this.#open++
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** The place of a connection that ended goes to the next that waits. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#open--
  }

  /** Waits until the rate permits one more connection. */
  async #pace(): Promise<void> {
    const { rate } = this.#limits
    if (rate === undefined) return
    const now = performance.now()
    const start = Math.max(now, this.#next)
    this.#next = start + 1000 / rate
    if (this.#end !== undefined) this.#end += 1000 / rate
    if (start > now) await pause(start - now, this.#stop)
  }
}
