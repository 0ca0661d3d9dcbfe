/**
 * The order of channels: a QEMU that waits tells the main channel from the others by which one comes
 * first, so the relay opens its connections in the order in which it was connected to.
 *
 * A channel waits for those before it from the same host only: other hosts cannot delay it. Each of
 * them has the time limit of its handshake.
 */
import type { ConnectionOrigin } from '../../endpoint/connection-event.ts'

export class ChannelOrder {
  readonly #last = new Map<string, Promise<void>>()

  /** Gives a channel its turn, behind all channels of its host so far. */
  queue(host: string): ChannelTurn {
    const begun = this.#last.get(host) ?? Promise.resolve()
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const passed = Promise.all([begun, ended]).then(() => {
      if (this.#last.get(host) === passed) this.#last.delete(host)
    })
    this.#last.set(host, passed)
    return { begun, end }
  }
}

/** Without the port, which differs for each connection. */
export function hostOf({ from }: ConnectionOrigin): string {
  return from.replace(/:\d+$/, '')
}

export type ChannelTurn = {
  /** Resolves when the turns of all channels before it have ended. */
  readonly begun: Promise<void>
  /** To be called when its connection was opened, or never will be. */
  readonly end: () => void
}
