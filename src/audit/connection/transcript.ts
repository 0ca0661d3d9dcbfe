/** What one question sent and received: the evidence of what is claimed by it. */
import type { ConnectionEnd, Failure } from './failure.ts'

export type TranscriptStep = { readonly sent: Buffer } | { readonly received: Buffer }

export class Transcript {
  /** What is asked: `suites TLS1.2 #3`. */
  readonly claim: string
  readonly steps: TranscriptStep[] = []
  /** How the peer or the time ended the connection, where it did so before all was learnt. */
  end: ConnectionEnd | undefined
  /** Why there was no connection. */
  failure: Failure | undefined

  constructor(claim: string) {
    this.claim = claim
  }

  sent(bytes: Buffer): void {
    this.steps.push({ sent: bytes })
  }

  received(bytes: Buffer): void {
    this.steps.push({ received: bytes })
  }

  ended(end: ConnectionEnd): void {
    this.end = end
  }

  /** Whether the server said anything. */
  get hasAnswer(): boolean {
    return this.steps.some((step) => 'received' in step)
  }
}
