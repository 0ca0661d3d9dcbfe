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
        this.#backOff?.reset()
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
    const milliseconds = this.#backOff.next()
    const diagnostics = error instanceof DiagnosticError ? error.diagnostics : []
    const seconds = milliseconds / 1000
    this.#tell({ event: 'retrying', chardev: this.end.definition.id, seconds, diagnostics })
    await delay(milliseconds, undefined, { signal })
  }
}
