/**
 * Tells a server that refuses a question from one that refuses connections: "rate-limited" is never told as
 * "refused". Where a server ends a connection without a word, a question that it can answer is asked, every time: one
 * that refuses in silence may limit its rate later. If that stays without an answer too, the server is given time.
 */
import { setTimeout } from 'node:timers/promises'
import type { Connections } from './connections.ts'
import type { Exchange } from './exchange.ts'
import type { Asked } from './failure.ts'

/** In milliseconds, one after the other. */
export const PAUSES: readonly number[] = [250, 500, 1000, 2000, 4000]

type Conversation<Value> = (exchange: Exchange) => Promise<Value>

export class PatientConnections implements Pick<Connections, 'ask'> {
  readonly #connections: Pick<Connections, 'ask'>
  readonly #control: Conversation<unknown>
  readonly #pauses: readonly number[]
  #gate: Promise<unknown> = Promise.resolve()
  #wasAnswered = false
  #isSlow = false
  #hasGivenUp = false

  /** @param control A conversation that every server of the kind answers. */
  constructor(
    connections: Pick<Connections, 'ask'>,
    control: Conversation<unknown>,
    pauses: readonly number[],
  ) {
    this.#connections = connections
    this.#control = control
    this.#pauses = pauses
  }

  async ask<Value>(claim: string, converse: Conversation<Value>): Promise<Asked<Value>> {
    if (this.#isSlow) return this.#inTurn(() => this.#askSlowly(claim, converse))
    const told = await this.#askOnce(claim, converse)
    return told.isSilent ? this.#inTurn(() => this.#judge(claim, converse, told.asked)) : told.asked
  }

  async #askOnce<Value>(claim: string, converse: Conversation<Value>): Promise<Told<Value>> {
    let isSilent = true
    const asked = await this.#connections.ask(claim, async (exchange) => {
      const { transcript } = exchange
      // What was said to begin TLS answers no question.
      const before = transcript.receivedLength
      try {
        return await converse(exchange)
      } finally {
        isSilent = transcript.receivedLength === before
      }
    })
    if (!isSilent || asked.isAnswered) this.#wasAnswered = true
    return { asked, isSilent: isSilent && !asked.isAnswered && ENDS.has(asked.failure.failure) }
  }

  /** One question after the other: a server that is short of room gets no more of them at a time. */
  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const run = this.#gate.then(work)
    this.#gate = run.catch(() => {})
    return run
  }

  async #judge<Value>(
    claim: string,
    converse: Conversation<Value>,
    asked: Asked<Value>,
  ): Promise<Asked<Value>> {
    if (this.#hasGivenUp) return LIMITED
    if (!this.#wasAnswered) return asked
    const control = await this.#askOnce(`${claim}, control`, this.#control)
    if (isOver(control.asked)) return control.asked
    return control.isSilent ? this.#askAgain(claim, converse) : asked
  }

  async #askSlowly<Value>(claim: string, converse: Conversation<Value>): Promise<Asked<Value>> {
    if (!this.#hasGivenUp) await setTimeout(this.#pauses[0])
    const { asked, isSilent } = await this.#askOnce(claim, converse)
    return isSilent ? this.#judge(claim, converse, asked) : asked
  }

  /**
   * Waits until the server answers the control, then asks again. From here on questions are asked slowly. A server
   * that never answers again costs these pauses once.
   */
  async #askAgain<Value>(claim: string, converse: Conversation<Value>): Promise<Asked<Value>> {
    this.#isSlow = true
    for (const [index, pause] of this.#pauses.entries()) {
      await setTimeout(pause)
      const control = await this.#askOnce(`${claim}, control ${index + 2}`, this.#control)
      if (isOver(control.asked)) return control.asked
      if (control.isSilent) continue
      await setTimeout(pause)
      const { asked, isSilent } = await this.#askOnce(`${claim}, again ${index + 1}`, converse)
      if (!isSilent) return asked
    }
    this.#hasGivenUp = true
    return LIMITED
  }
}

type Told<Value> = {
  readonly asked: Asked<Value>
  /** Whether the connection ended, or was not made, before the server said a word. */
  readonly isSilent: boolean
}

const LIMITED = { isAnswered: false, failure: { failure: 'rate-limited' } } as const

/** How a server that is short of room ends a connection. */
const ENDS: ReadonlySet<string> = new Set(['closed', 'reset', 'timed-out', 'unreachable'])

/** Whether no further question may be asked. */
function isOver(asked: Asked<unknown>): asked is Asked<never> {
  return !asked.isAnswered && OVER.has(asked.failure.failure)
}

const OVER: ReadonlySet<string> = new Set(['budget-spent', 'time-spent', 'interrupted'])
