/** Which bytes of a read have arrived: each exactly once, in any order. */
import { refuse } from '../../wire/protocol-error.ts'

/** Runs that do not touch. Honest servers send few; a hostile one could fill the memory with them. */
const RUN_LIMIT = 4096

export class ReadCoverage {
  readonly #length: number
  /** Starts and ends in turn, ascending. */
  readonly #runs: number[] = []

  constructor(length: number) {
    this.#length = length
  }

  get isComplete(): boolean {
    return this.#length === 0 || (this.#runs[0] === 0 && this.#runs[1] === this.#length)
  }

  /** @throws ProtocolError where any of it is outside, or has been there before. */
  add(start: number, length: number): void {
    const end = start + length
    if (start < 0 || end > this.#length) refuse(`${length} bytes beyond what was asked for`)
    const runs = this.#runs
    let at = runs.length
    while (at > 0 && (runs[at - 2] ?? 0) >= end) at -= 2
    if (at > 0 && (runs[at - 1] ?? 0) > start) refuse('the same part of an answer twice')
    this.#insert(at, start, end)
    if (runs.length > RUN_LIMIT * 2) refuse('an answer in too many pieces')
  }

  /** Puts a run before index `at`, joined with its neighbours where they touch. */
  #insert(at: number, start: number, end: number): void {
    const runs = this.#runs
    const joinsLeft = at > 0 && runs[at - 1] === start
    const joinsRight = at < runs.length && runs[at] === end
    if (joinsLeft && joinsRight) runs.splice(at - 1, 2)
    else if (joinsLeft) runs[at - 1] = end
    else if (joinsRight) runs[at] = start
    else runs.splice(at, 0, start, end)
  }
}
