/** Two chardevs that stay joined while one of them is changed. */
import type { RunLink } from '../link/link.ts'

export type Join = {
  /** Settles when the sessions of both are over. @throws DiagnosticError */
  readonly ended: Promise<void>
  /** Ends it in order. */
  readonly separate: () => Promise<void>
}

export class LastingJoin implements Join {
  readonly #end = Promise.withResolvers<void>()
  #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #isOver = false

  constructor() {
    const end = () => {
      this.#isOver = true
    }
    this.ended.then(end, end)
  }

  /** It is not to go on: its owner has ended it meanwhile. */
  get isOver(): boolean {
    return this.#isOver
  }

  get ended(): Promise<void> {
    return this.#end.promise
  }

  /** Begins, or goes on with other ends. */
  run(link: RunLink): void {
    const stop = new AbortController()
    this.#stop = stop
    this.#running = link(stop.signal).then(
      () => {
        if (!stop.signal.aborted) this.#end.resolve()
      },
      (error) => {
        if (!stop.signal.aborted) this.#end.reject(error)
      },
    )
  }

  /** Ends the sessions in order; it is still joined. */
  async pause(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Ends it where no end is left to go on with. */
  fail(error: unknown): void {
    this.#end.reject(error)
  }

  readonly separate = async (): Promise<void> => {
    await this.pause()
    this.#end.resolve()
  }
}
