/** Runs a decoder over the parts of a channel as they come. */
import { type Decoding, StreamInput } from './stream-input.ts'

export class ChannelDecoder {
  readonly #input: StreamInput
  readonly #decoding: Decoding
  #failure: unknown

  constructor(decode: (input: StreamInput) => Decoding, start = 0) {
    this.#input = new StreamInput(start)
    this.#decoding = decode(this.#input)
  }

  /** How many bytes were decoded. */
  get offset(): number {
    return this.#input.offset
  }

  /** Whether the channel could end here. */
  get mayEnd(): boolean {
    return this.#input.mayEnd
  }

  /**
   * Decodes what can be decoded. The part can be used for other bytes afterwards.
   *
   * @throws DiagnosticError where the bytes are wrong; from then on always.
   */
  push(part: Buffer): void {
    this.#input.push(part)
    this.#run()
    this.#input.keep()
  }

  /** Says that no part follows. @throws DiagnosticError where the channel is cut. */
  finish(): void {
    this.#input.end()
    this.#run()
  }

  #run(): void {
    if (this.#failure) throw this.#failure
    try {
      const { done } = this.#decoding.next()
      if (this.#input.isEnded && !done) this.#input.cut('more bytes')
    } catch (error) {
      this.#failure = error
      throw error
    }
  }
}
