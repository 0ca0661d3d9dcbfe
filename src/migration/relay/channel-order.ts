/**
 * The order of channels: a QEMU that waits tells the main channel from the others by which one comes
 * first, so the relay opens its connections in the order in which it was connected to.
 *
 * A channel waits for those before it from the same host only: other hosts cannot delay it. A relay at the
 * source begins a channel when the handshake of the one before is over at its side, so of those that are still in
 * their handshake here, one that has said nothing is none of its channels, and one that goes on for long neither.
 */
import { setImmediate } from 'node:timers/promises'

/** How long a channel that was let in waits for those before it that are not, in milliseconds. */
const PATIENCE = 1_000

export class ChannelOrder {
  readonly #hosts = new Map<string, Set<ChannelTurn>>()

  /**
   * Gives a channel its turn, behind all channels of its host so far.
   *
   * @param hasSpoken Whether its client has said anything.
   */
  queue(host: string, hasSpoken: () => boolean): ChannelTurn {
    const turns = this.#hosts.get(host) ?? new Set()
    const turn = new ChannelTurn([...turns], hasSpoken)
    this.#hosts.set(host, turns.add(turn))
    void turn.ended.then(() => {
      turns.delete(turn)
      if (turns.size === 0) this.#hosts.delete(host)
    })
    return turn
  }
}

export class ChannelTurn {
  readonly #hasSpoken: () => boolean
  readonly #letIn = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()
  #isLetIn = false
  #before: readonly ChannelTurn[]

  constructor(before: readonly ChannelTurn[], hasSpoken: () => boolean) {
    this.#before = before
    this.#hasSpoken = hasSpoken
  }

  /** Resolves when its connection was opened, or never will be. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** Its client was let in. Resolves when the turns of the channels before it have ended. */
  async begin(): Promise<void> {
    this.#isLetIn = true
    this.#letIn.resolve()
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), PATIENCE)
    for (const turn of this.#before) await turn.#untilPassed(patience.signal)
    clearTimeout(timer)
    this.#before = []
  }

  /** To be called when its connection was opened, or never will be. */
  end(): void {
    this.#ended.resolve()
  }

  async #untilPassed(patience: AbortSignal): Promise<void> {
    if (!this.#isLetIn && this.#hasSpoken()) {
      await Promise.race([this.#letIn.promise, this.ended, aborted(patience)])
    }
    if (this.#isLetIn) await this.ended
  }
}

/** Resolves a turn of the event loop later: what has come meanwhile to a process that was held up is read first. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  await setImmediate()
}
