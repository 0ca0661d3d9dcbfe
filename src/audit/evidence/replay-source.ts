/** Answers the questions of an audit from the evidence of an earlier one, in the order in which they ended then. */
import { type ConnectionEnd, type Failure, wasBegun } from '../connection/failure.ts'
import type { Transcript } from '../connection/transcript.ts'
import type { Transport, TransportSource } from '../connection/transport.ts'

/** Thrown where the audit asks what the evidence does not hold: it is of another program, or was changed. */
export class EvidenceMismatch extends Error {
  constructor(claim: string) {
    super(claim)
    this.name = 'EvidenceMismatch'
  }
}

type Recorded = { readonly place: number; readonly transcript: Transcript }

export class ReplaySource implements TransportSource {
  #connections = 0
  readonly #left = new Map<string, Recorded[]>()
  readonly #turns: Turns

  constructor(transcripts: readonly Transcript[]) {
    this.#turns = new Turns(transcripts.length)
    for (const [place, transcript] of transcripts.entries()) {
      const known = this.#left.get(transcript.claim) ?? []
      known.push({ place, transcript })
      this.#left.set(transcript.claim, known)
    }
  }

  get connections(): number {
    return this.#connections
  }

  /** @throws EvidenceMismatch */
  async open(claim: string): Promise<Transport | Failure> {
    const recorded = this.#left.get(claim)?.shift()
    if (!recorded) throw new EvidenceMismatch(claim)
    const { place, transcript } = recorded
    if (!transcript.failure || wasBegun(transcript.failure)) this.#connections++
    if (!transcript.failure) return new ReplayedTransport(transcript, place, this.#turns)
    await this.#turns.comes(place)
    this.#turns.end(place)
    return transcript.failure
  }
}

class ReplayedTransport implements Transport {
  readonly #received: Iterator<Buffer>
  readonly #end: ConnectionEnd
  readonly #place: number
  readonly #turns: Turns

  constructor({ steps, end }: Transcript, place: number, turns: Turns) {
    const received = steps.flatMap((step) => ('received' in step ? step.received : []))
    this.#received = received.values()
    this.#end = end ?? 'closed'
    this.#place = place
    this.#turns = turns
  }

  send(): void {}

  /** The evidence says how long the peer was waited for. */
  limitSilence(): void {}

  async receive(): Promise<Buffer | ConnectionEnd> {
    await this.#turns.comes(this.#place)
    const { value, done } = this.#received.next()
    return done ? this.#end : value
  }

  close(): void {
    this.#turns.end(this.#place)
  }
}

/** Questions that were asked at the same time end in the same order as they did then. */
class Turns {
  readonly #isOver: boolean[]
  readonly #waiting: (() => void)[][] = []
  #next = 0

  constructor(count: number) {
    this.#isOver = Array<boolean>(count).fill(false)
  }

  async comes(place: number): Promise<void> {
    if (place <= this.#next) return
    await new Promise<void>((resolve) => {
      const waiting = this.#waiting[place] ?? []
      waiting.push(resolve)
      this.#waiting[place] = waiting
    })
  }

  end(place: number): void {
    this.#isOver[place] = true
    while (this.#isOver[this.#next]) this.#next++
    for (const wake of this.#waiting[this.#next] ?? []) wake()
    delete this.#waiting[this.#next]
  }
}
