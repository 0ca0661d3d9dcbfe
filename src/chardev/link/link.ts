/** Two chardevs that are joined: what is read of one is written to the other. */
import type { TellChardev } from '../chardev-event.ts'
import type { ChardevEnd, EndSession } from '../end/chardev-end.ts'
import { carry } from './carry.ts'
import { lastingEnd } from './lasting-end.ts'
import { Sessions } from './next-session.ts'

/** Runs until the signal is aborted, or the sessions of both are over. */
export type RunLink = (signal: AbortSignal) => Promise<void>

/**
 * Carries the sessions of the near end, one after the other; the far end is opened for each, unless it stands.
 *
 * @returns what runs it; it throws a DiagnosticError where an end cannot be opened or breaks, and no session follows.
 */
export function joinEnds(near: ChardevEnd, far: ChardevEnd, tell: TellChardev): RunLink {
  const isServer = far.definition.backend === 'socket' && far.definition.isServer
  const standing = isServer ? lastingEnd(far) : undefined
  const link = new Link(near, standing ?? far, tell)
  return async (signal) => {
    await standing?.start()
    try {
      await link.run(signal)
    } finally {
      await standing?.close(0)
    }
  }
}

class Link {
  readonly #near: Sessions
  readonly #far: ChardevEnd
  readonly #tell: TellChardev

  constructor(near: ChardevEnd, far: ChardevEnd, tell: TellChardev) {
    this.#near = new Sessions(near, tell)
    this.#far = far
    this.#tell = tell
  }

  async run(signal: AbortSignal): Promise<void> {
    const { end } = this.#near
    const isServer = end.definition.backend === 'socket' && end.definition.isServer
    while (!signal.aborted) {
      const near = await this.#near.open(signal)
      let failure: unknown
      try {
        await this.#serve(near, signal)
      } catch (error) {
        failure = error
      }
      // The log of its clients tells what broke them.
      if (!end.isLasting && failure !== undefined) throw failure
      if (!end.isLasting || signal.aborted) return
      if (!isServer) await this.#near.wait(failure, signal)
    }
  }

  async #serve(near: EndSession, signal: AbortSignal): Promise<void> {
    const { place, tls } = near
    const chardev = this.#near.end.definition.id
    if (this.#isDialled) this.#tell({ event: 'reached', chardev, place, tls })
    let far: EndSession | undefined
    try {
      far = await this.#far.open(signal)
      await this.#carry(near, far, signal)
      await Promise.all([near.finish(), far.finish()])
    } catch (error) {
      await Promise.all([near.finish(error), far?.finish(error)])
      throw error
    }
  }

  async #carry(near: EndSession, far: EndSession, signal: AbortSignal): Promise<void> {
    const chardev = this.#near.end.definition.id
    const carried = { sent: 0, received: 0 }
    try {
      await carry(near, far, carried, signal)
    } finally {
      this.#tell({ event: 'carried', chardev, ...carried })
    }
  }

  get #isDialled(): boolean {
    const { definition } = this.#near.end
    return definition.backend === 'socket' && !definition.isServer
  }
}
