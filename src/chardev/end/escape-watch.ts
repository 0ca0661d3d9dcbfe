/** What a user types at a terminal in raw mode, without the key that ends the session. */
import { Transform, type TransformCallback } from 'node:stream'
import type { TerminalRules } from '../chardev-context.ts'

/** Ctrl-C. */
const INTERRUPT = 3

export class EscapeWatch extends Transform {
  readonly #rules: TerminalRules
  readonly #hasSignals: boolean

  constructor(rules: TerminalRules, hasSignals: boolean) {
    super()
    this.#rules = rules
    this.#hasSignals = hasSignals
  }

  override _transform(bytes: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const { escape: key, onEscape } = this.#rules
    if (this.#hasSignals && bytes.includes(INTERRUPT)) process.kill(process.pid, 'SIGINT')
    const at = key === undefined ? -1 : bytes.indexOf(key)
    if (at < 0) done(null, bytes)
    else {
      if (at > 0) this.push(bytes.subarray(0, at))
      // What was typed before it is on its way by then.
      setImmediate(() => onEscape?.())
      done()
    }
  }
}
