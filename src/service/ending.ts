/** When a service is told to end; told once more, it waits for no client. */

const ENDING_SIGNALS = ['SIGTERM', 'SIGINT'] as const

export class ServiceEnding {
  begin: () => void = () => {}
  readonly begun = new Promise<void>((resolve) => {
    this.begin = resolve
  })
  #hurry: () => void = () => {}
  readonly hurried = new Promise<void>((resolve) => {
    this.#hurry = resolve
  })
  #count = 0

  onSignals(): void {
    for (const signal of ENDING_SIGNALS) process.on(signal, this.ask)
  }

  close(): void {
    for (const signal of ENDING_SIGNALS) process.off(signal, this.ask)
  }

  /** A user or a signal tells it to end. */
  readonly ask = (): void => {
    this.#count++
    if (this.#count > 1) this.#hurry()
    this.begin()
  }
}
