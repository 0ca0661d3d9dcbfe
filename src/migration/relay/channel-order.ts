/**
 * The order of channels: a QEMU that waits tells the main channel from the others by which one comes
 * first, so the relay opens its connections in the order in which it was connected to.
 *
 * A channel waits for those before it from the same host only: other hosts cannot delay it. Each of
 * them has the time limit of its handshake.
 */
export class ChannelOrder {
  readonly #last = new Map<string, Promise<void>>()

  /** Takes the place behind all channels of the host so far. */
  enter(host: string): ChannelPlace {
    const isFirst = this.#last.get(host) ?? Promise.resolve()
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const passed = Promise.all([isFirst, left]).then(() => {
      if (this.#last.get(host) === passed) this.#last.delete(host)
    })
    this.#last.set(host, passed)
    return { isFirst, leave }
  }
}

export type ChannelPlace = {
  /** Resolves when all before it have left. */
  readonly isFirst: Promise<void>
  /** To be called when its connection was opened, or never will be. */
  readonly leave: () => void
}
