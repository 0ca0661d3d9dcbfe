/**
 * One guest that is passed on as it comes: its channels, until they are all closed.
 *
 * The end in the guest's own stream says that it is whole, and over the return path the destination that it
 * has it; never the end of a connection.
 */
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import type { ConnectionHandler } from '../../endpoint/connection.ts'
import type { ConnectionOrigin } from '../../endpoint/connection-event.ts'
import type { MainInspection } from '../inspect/main-inspection.ts'
import { RamCount } from '../inspect/ram-count.ts'
import { ChannelOrder } from './channel-order.ts'
import { RELAY_KINDS } from './relay-diagnostics.ts'
import type { RelayEvent } from './relay-event.ts'
import type { ChannelSides } from './relay-sides.ts'
import { RelayedChannel } from './relayed-channel.ts'

export type GuestRelayOptions = {
  readonly sides: ChannelSides
  readonly tell: (event: RelayEvent) => void
  /** The first channel has begun. */
  readonly onBegun: () => void
}

export class GuestRelay {
  readonly ram = new RamCount()
  readonly #options: GuestRelayOptions
  readonly #order = new ChannelOrder()
  readonly #channels = new Set<RelayedChannel>()
  readonly #open = new Set<RelayedChannel>()
  readonly #outcome = Promise.withResolvers<void>()
  #failure: unknown
  #isOver = false

  constructor(options: GuestRelayOptions) {
    this.#options = options
    // It is waited for elsewhere, or by nothing.
    this.#outcome.promise.catch(() => {})
  }

  /** Resolves when the guest has gone. Rejects where it has not, with a DiagnosticError or what broke a channel. */
  get outcome(): Promise<void> {
    return this.#outcome.promise
  }

  /** Of all channels. */
  get bytes(): number {
    return [...this.#channels].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** What the main channel has said so far. */
  get main(): MainInspection | undefined {
    return this.#mainChannel?.main
  }

  handle(origin: ConnectionOrigin): ConnectionHandler {
    const { sides, tell } = this.#options
    return new RelayedChannel({
      ...{ sides, tell, origin, ram: this.ram, order: this.#order },
      onBegun: (channel) => this.#begin(channel),
      onOver: (channel, error) => this.#leave(channel, error),
    })
  }

  /** Ends it, unless the guest is whole: the destination may have it then. */
  cancel(): void {
    if (this.#isOver || this.main?.end !== undefined) return
    const { to } = this.#options.sides
    this.#fail(new DiagnosticError([diagnose(RELAY_KINDS.guestCancelled, { to })]))
    for (const channel of this.#open) channel.cut()
  }

  get #mainChannel(): RelayedChannel | undefined {
    return [...this.#channels].find(({ main }) => main !== undefined)
  }

  /** @throws DiagnosticError where the guest before it has gone or was cut. */
  #begin(channel: RelayedChannel): void {
    if (this.#isOver) {
      const { to } = this.#options.sides
      throw new DiagnosticError([diagnose(RELAY_KINDS.guestCancelled, { to })])
    }
    this.#channels.add(channel)
    this.#open.add(channel)
    if (this.#channels.size === 1) this.#options.onBegun()
  }

  #leave(channel: RelayedChannel, error: unknown): void {
    // Others were not let in, or have only looked.
    if (!this.#open.delete(channel)) return
    this.#failure ??= error
    if (this.#open.size === 0) this.#conclude()
  }

  #conclude(): void {
    if (this.#isOver) return
    const error = this.#whyNotWhole()
    if (error !== undefined) this.#fail(error)
    else {
      this.#isOver = true
      this.#outcome.resolve()
    }
  }

  #whyNotWhole(): unknown {
    const { to } = this.#options.sides
    const channel = this.#mainChannel
    // How the connections end after that matters no more.
    if (channel?.verdict === 0) return undefined
    if (channel?.verdict) return new DiagnosticError([diagnose(RELAY_KINDS.guestRefused, { to })])
    if (this.#failure !== undefined) return this.#failure
    if (channel?.main?.end !== undefined) return undefined
    const cut = diagnose(RELAY_KINDS.guestCut, { to })
    return new DiagnosticError([cut, ...(channel?.unread ?? [])])
  }

  #fail(error: unknown): void {
    this.#isOver = true
    this.#outcome.reject(error)
  }
}
