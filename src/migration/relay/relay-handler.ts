/** One relayed channel: its two connections, in the order of the channels, and the bytes between. */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { BytePump } from '../../endpoint/byte-pump.ts'
import type { ConnectionHandler, EndpointConnection } from '../../endpoint/connection.ts'
import { type ConnectionOrigin, hostOf } from '../../endpoint/connection-event.ts'
import { cutOff } from '../../endpoint/cut-off.ts'
import { ConnectionEnded } from '../../net/byte-channel.ts'
import { describeRefusal } from '../../tls/handshake-error.ts'
import type { ChannelOrder, ChannelTurn } from './channel-order.ts'
import { RELAY_KINDS } from './relay-diagnostics.ts'
import type { RelayEvent } from './relay-event.ts'
import type { ChannelSides, FarSide } from './relay-sides.ts'

export type RelayHandlerOptions = {
  readonly sides: ChannelSides
  readonly origin: ConnectionOrigin
  /** When its connection may be opened; undefined where their order does not matter. */
  readonly order: ChannelOrder | undefined
  readonly tell: (event: RelayEvent) => void
  /** Shown the bytes of the client, and those of the other side. They must not throw. */
  readonly watch?: ChannelWatch | undefined
}

type ChannelWatch = {
  readonly there: (bytes: Buffer) => void
  readonly back: (bytes: Buffer) => void
}

export class RelayHandler implements ConnectionHandler {
  readonly #options: RelayHandlerOptions
  readonly #stop = new AbortController()
  #far: Duplex | undefined
  #isRelaying = false
  #sent = 0
  #received = 0

  constructor(options: RelayHandlerOptions) {
    this.#options = options
  }

  async run(connection: EndpointConnection): Promise<string> {
    const { sides, origin, tell } = this.#options
    const turn = this.#queue(connection)
    connection.socket.once('close', () => this.#stop.abort())
    try {
      const near = await sides.secureNear(connection)
      await turn?.begin()
      // With its turn: a place that waits for the turn of a channel without one would be waited for in a circle.
      await connection.letIn()
      const far = await this.#openFar(near)
      const { tls } = far
      turn?.end()
      tell({ ...origin, event: 'reached', to: sides.to, ...(tls ? { tls } : {}) })
      return await this.#relay(connection, near, far)
    } finally {
      turn?.end()
      this.#far?.destroy()
    }
  }

  #queue({ socket, origin }: EndpointConnection): ChannelTurn | undefined {
    const hasSpoken = () => !(socket instanceof Socket) || socket.bytesRead > 0
    return this.#options.order?.queue(hostOf(origin), hasSpoken)
  }

  /** A channel that is open goes on to its end; others have nothing under way. */
  drain(): boolean {
    if (!this.#isRelaying) this.#stop.abort()
    return this.#isRelaying
  }

  /** It has limits of its own, which tell of the other side and not of the client. */
  async #openFar(near: Duplex): Promise<FarSide> {
    const far = await this.#options.sides.openFar(near, this.#stop.signal)
    this.#far = far.stream
    far.stream.on('error', () => {})
    return far
  }

  async #relay(connection: EndpointConnection, near: Duplex, far: FarSide): Promise<string> {
    this.#isRelaying = true
    const { origin, tell } = this.#options
    try {
      await connection.withinIdleLimit(near, () => this.#pump(near, far))
      return 'closed'
    } catch (error) {
      // Never within a callback of OpenSSL.
      await new Promise<void>((resolve) => setImmediate(resolve))
      cutOff(connection.socket)
      cutOff(far.socket)
      throw error
    } finally {
      tell({ ...origin, event: 'relayed', sent: this.#sent, received: this.#received })
    }
  }

  /** Both directions to their ends; an error of one is the error of both. */
  async #pump(near: Duplex, { stream: far, saidNothing }: FarSide): Promise<void> {
    const { watch } = this.#options
    const there = new BytePump({
      ...{ from: near, to: far, watch: watch?.there },
      count: (bytes) => (this.#sent += bytes),
    })
    const back = new BytePump({
      ...{ from: far, to: near, watch: watch?.back },
      count: (bytes) => (this.#received += bytes),
    })
    const answers = async () => {
      await back.run()
      // A server that refuses its client ends so, and what is sent to it is lost.
      if (saidNothing?.() && !near.readableEnded) throw new ConnectionEnded(undefined)
    }
    try {
      await Promise.all([there.run(), answers()])
    } catch (error) {
      const isOfFar = far.readableEnded || far.destroyed
      throw isOfFar && near.errored === null ? this.#describe(error) : error
    }
  }

  #describe(error: unknown): DiagnosticError {
    const { to } = this.#options.sides
    const cause = error instanceof ConnectionEnded ? (error.cause ?? new Error(CLOSED)) : error
    const refusal = describeRefusal(cause)
    if (refusal) return new DiagnosticError([refusal])
    const kind = this.#received === 0 ? RELAY_KINDS.notAnswered : RELAY_KINDS.targetLost
    return new DiagnosticError([diagnose(kind, { to, error: cause })])
  }
}

const CLOSED = 'it closed the connection'
