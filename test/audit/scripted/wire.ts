/** Two ends of a connection within the process. Where both wait for each other, the client's patience ends. */
import type { ConnectionEnd } from '../../../src/audit/connection/failure.ts'
import type { Transport } from '../../../src/audit/connection/transport.ts'

export class Wire {
  readonly #toClient: Buffer[] = []
  readonly #toServer: Buffer[] = []
  #end: ConnectionEnd | undefined
  #isLeft = false
  #isServerWaiting = false
  #wake: (() => void)[] = []
  #failure: unknown
  /** How long the client was told to wait, in milliseconds. */
  readonly silences: number[] = []

  readonly client: Transport = {
    send: (bytes) => {
      this.#toServer.push(Buffer.from(bytes))
      this.#isServerWaiting = false
      this.#changed()
    },
    limitSilence: (silence) => void this.silences.push(silence),
    close: () => {
      this.#isLeft = true
      this.#changed()
    },
    receive: async () => {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure
        const bytes = this.#toClient.shift()
        if (bytes) return bytes
        if (this.#end) return this.#end
        if (this.#isServerWaiting) return 'timed-out'
        await this.#change()
      }
    },
  }

  readonly server: Transport = {
    send: (bytes) => {
      if (this.#end) return
      this.#toClient.push(Buffer.from(bytes))
      this.#changed()
    },
    limitSilence: () => {},
    close: () => this.end('closed'),
    receive: async () => {
      for (;;) {
        const bytes = this.#toServer.shift()
        if (bytes) return bytes
        if (this.#isLeft) return 'closed'
        this.#isServerWaiting = true
        this.#changed()
        await this.#change()
      }
    },
  }

  /** How the server ends it. */
  end(how: ConnectionEnd): void {
    this.#end ??= how
    this.#changed()
  }

  /** A mistake of the script: it fails the test. */
  fail(error: unknown): void {
    this.#failure = error
    this.#changed()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => void this.#wake.push(resolve))
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}
