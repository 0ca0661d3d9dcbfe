/** Opens the sessions of an end one after the other; one that connects tries again as it is told to. */
import { setTimeout as delay } from 'node:timers/promises'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { TellChardev } from '../chardev-event.ts'
import type { ChardevEnd, EndSession } from '../end/chardev-end.ts'
import { BackOff } from './back-off.ts'

export class Sessions {
  readonly end: ChardevEnd
  readonly #tell: TellChardev
  readonly #backOff: BackOff | undefined
  /** When the last session began. */
  #openedAt: number | undefined
  /** Before it, in milliseconds. */
  #waited = 0

  constructor(end: ChardevEnd, tell: TellChardev) {
    const { definition } = end
    this.end = end
    this.#tell = tell
    const reconnect = definition.backend === 'socket' ? definition.reconnect : 0
    this.#backOff = reconnect > 0 ? new BackOff(reconnect) : undefined
  }

  /** @throws DiagnosticError where it cannot be opened, and is not to try again. */
  async open(signal: AbortSignal): Promise<EndSession> {
    for (;;) {
      try {
        const session = await this.end.open(signal)
        this.#openedAt = performance.now()
        return session
      } catch (error) {
        if (signal.aborted || !this.#backOff) throw error
        await this.wait(error, signal)
      }
    }
  }

  /** Before a new attempt; tells why. Does nothing for an end that makes no attempts. */
  async wait(error: unknown, signal: AbortSignal): Promise<void> {
    if (!this.#backOff) return
    // A server that lets in and breaks off at once is asked less and less, too.
    const lasted = performance.now() - (this.#openedAt ?? performance.now())
    this.#openedAt = undefined
    if (lasted > this.#waited) this.#backOff.reset()
    const milliseconds = this.#backOff.next()
    this.#waited = milliseconds
    const diagnostics = error instanceof DiagnosticError ? error.diagnostics : []
    const seconds = milliseconds / 1000
    this.#tell({ event: 'retrying', chardev: this.end.definition.id, seconds, diagnostics })
    await delay(milliseconds, undefined, { signal })
  }
}
