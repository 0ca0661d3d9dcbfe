/** What one question sent and received: the evidence of what is claimed by it. */
import type { ConnectionEnd, Failure } from './failure.ts'

export type TranscriptStep = { readonly sent: Buffer } | { readonly received: Buffer }

/** A peer may send a byte at a time: so many pieces are joined to one, each once. */
const MOST_PIECES = 1024

export class Transcript {
  /** What is asked: `suites TLS1.2 #3`. */
  readonly claim: string
  readonly #steps: TranscriptStep[] = []
  /** What was received since the last step: one step, however many pieces it comes in. */
  #joined: Buffer[] = []
  /** What came behind it. */
  #pieces: Buffer[] = []
  #receivedLength = 0
  /** How the peer or the time ended the connection, where it did so before all was learnt. */
  end: ConnectionEnd | undefined
  /** Why there was no connection. */
  failure: Failure | undefined

  constructor(claim: string) {
    this.claim = claim
  }

  get steps(): readonly TranscriptStep[] {
    this.#endReceived()
    return this.#steps
  }

  sent(bytes: Buffer): void {
    this.#endReceived()
    this.#steps.push({ sent: bytes })
  }

  received(bytes: Buffer): void {
    this.#receivedLength += bytes.length
    this.#pieces.push(bytes)
    if (this.#pieces.length === MOST_PIECES) this.#join()
  }

  ended(end: ConnectionEnd): void {
    this.end = end
  }

  /** How many bytes the server has sent. */
  get receivedLength(): number {
    return this.#receivedLength
  }

  #endReceived(): void {
    if (this.#pieces.length > 0) this.#join()
    if (this.#joined.length === 0) return
    this.#steps.push({ received: Buffer.concat(this.#joined) })
    this.#joined = []
  }

  #join(): void {
    this.#joined.push(Buffer.concat(this.#pieces))
    this.#pieces = []
  }
}
