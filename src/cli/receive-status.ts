/** How far a migration is received: one line on a terminal that is written over. */
import type { ReceptionProgress } from '../migration/receive/reception.ts'
import { formatSize } from './byte-size.ts'
import type { Terminal } from './terminal.ts'

/** Milliseconds between two states of the line: people do not read faster. */
const INTERVAL = 200

export class ReceiveStatus {
  readonly #terminal: Terminal
  #begunAt: number | undefined
  #shownAt = 0
  #shownBytes = 0
  #endedAt = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** From the first byte to the end. */
  get seconds(): number {
    return (this.#endedAt - (this.#begunAt ?? this.#endedAt)) / 1000
  }

  readonly update = ({ bytes, pages, passes }: ReceptionProgress): void => {
    const now = performance.now()
    if (this.#begunAt === undefined) this.#begunAt = this.#shownAt = now
    this.#endedAt = now
    const elapsed = now - this.#shownAt
    if (elapsed < INTERVAL) return
    const rate = formatSize(Math.round(((bytes - this.#shownBytes) / elapsed) * 1000))
    this.#shownAt = now
    this.#shownBytes = bytes
    const parts = [formatSize(bytes), `${rate}/s`, `${pages} pages`, `pass ${passes}`]
    this.#terminal.showStatus(parts.join('  '))
  }

  /** Takes the line away. */
  end(): void {
    this.#terminal.showStatus('')
  }
}
