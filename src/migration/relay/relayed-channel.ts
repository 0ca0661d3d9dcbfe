/** One channel of a guest that is passed on: carried as every relayed channel, and read on its way. */
import type { Duplex } from 'node:stream'
import { type Diagnostic, DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { ConnectionHandler, EndpointConnection } from '../../endpoint/connection.ts'
import type { ConnectionOrigin } from '../../endpoint/connection-event.ts'
import { ChannelInspection } from '../inspect/channel-inspection.ts'
import { MainInspection } from '../inspect/main-inspection.ts'
import type { RamCount } from '../inspect/ram-count.ts'
import type { ChannelDecoder } from '../stream/decoder.ts'
import { createReturnPathDecoder } from '../stream/return-path.ts'
import type { ChannelOrder } from './channel-order.ts'
import { firstBytes } from './first-bytes.ts'
import type { RelayEvent } from './relay-event.ts'
import { RelayHandler } from './relay-handler.ts'
import type { ChannelSides, FarSide } from './relay-sides.ts'

export type RelayedChannelOptions = {
  readonly sides: ChannelSides
  readonly origin: ConnectionOrigin
  readonly order: ChannelOrder
  /** Counts the pages of all channels. */
  readonly ram: RamCount
  readonly tell: (event: RelayEvent) => void
  /** The client has begun to speak: it is a channel of the guest. */
  readonly onBegun: (channel: RelayedChannel) => void
  /** It is over; with the error that ended it. */
  readonly onOver: (channel: RelayedChannel, error?: unknown) => void
}

export class RelayedChannel implements ConnectionHandler {
  readonly #options: RelayedChannelOptions
  readonly #handler: RelayHandler
  readonly #inspection: ChannelInspection
  readonly #answers: ChannelDecoder
  #connection: EndpointConnection | undefined
  /** Why no more of it is read; it is carried on. */
  unread: readonly Diagnostic[] | undefined
  /** What the destination has said at the end, over the return path: 0 where it has the guest. */
  verdict: number | undefined

  constructor(options: RelayedChannelOptions) {
    const { sides, origin, order, ram, tell } = options
    this.#options = options
    this.#inspection = new ChannelInspection({ ram })
    this.#answers = createReturnPathDecoder(({ message, value }) => {
      if (message === 'SHUT') this.verdict = value
    })
    this.#handler = new RelayHandler({
      sides: { ...sides, openFar: (near, signal) => this.#open(near, signal) },
      ...{ origin, order, tell },
      watch: {
        there: (bytes) => this.#read(() => this.#inspection.push(bytes)),
        back: (bytes) => this.#read(() => this.#readAnswers(bytes)),
      },
    })
  }

  get bytes(): number {
    return this.#inspection.bytes
  }

  /** What it has said, where it is the main channel. */
  get main(): MainInspection | undefined {
    const { inspection } = this.#inspection
    return inspection instanceof MainInspection ? inspection : undefined
  }

  async run(connection: EndpointConnection): Promise<string> {
    this.#connection = connection
    try {
      const ending = await this.#handler.run(connection)
      this.#options.onOver(this)
      return ending
    } catch (error) {
      this.#options.onOver(this, error)
      throw error
    }
  }

  drain(): boolean {
    return this.#handler.drain()
  }

  cut(): void {
    this.#connection?.destroy()
  }

  /** A client that only looks must not take the place of the guest at the other side. */
  async #open(near: Duplex, signal: AbortSignal): Promise<FarSide> {
    await firstBytes(near)
    this.#options.onBegun(this)
    return this.#options.sides.openFar(near, signal)
  }

  /** Only main channels have answers. */
  #readAnswers(bytes: Buffer): void {
    if (this.main) this.#answers.push(bytes)
  }

  /** A stream that cannot be read is the matter of the guest's QEMUs. */
  #read(work: () => void): void {
    if (this.unread) return
    try {
      work()
    } catch (error) {
      this.unread = error instanceof DiagnosticError ? error.diagnostics : []
    }
  }
}
