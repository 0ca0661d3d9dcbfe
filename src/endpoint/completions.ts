/**
 * The owner of everything that a connection finishes later: replies, writes, waits.
 *
 * An exception in a completion belongs to one connection. Without an owner it is an unhandled
 * rejection, and Node ends the process with all other connections.
 */
export class Completions {
  readonly #onFailure: (error: unknown) => void

  /** @param onFailure Ends the connection. It is called for each failure, and must not throw. */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  /** Owns work; what is done after it has to be a part of it. */
  own(work: Promise<unknown>): void {
    work.catch(this.#onFailure)
  }

  /** Runs a step that the event loop calls. */
  run(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#onFailure(error)
    }
  }
}
