/** What a destination answers by its return path: PONG to each PING, and SHUT at the end. */
import type { Readable } from 'node:stream'
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import type { ReturnPathMessage } from '../stream/events.ts'
import { createReturnPathDecoder } from '../stream/return-path.ts'
import { SEND_KINDS } from './send-diagnostics.ts'

export class Answers {
  readonly #to: string
  readonly #decoder = createReturnPathDecoder((message) => this.#take(message))
  readonly #shut = Promise.withResolvers<number>()
  readonly #closed = Promise.withResolvers<Error | undefined>()
  #pongs = 0

  /** @param to What messages call the destination. */
  constructor(to: string, stream: Readable, hasReturnPath: boolean) {
    this.#to = to
    this.#shut.promise.catch(() => {})
    stream.on('data', (bytes: Buffer) => hasReturnPath && this.#read(bytes))
    stream.once('end', () => this.#closed.resolve(undefined))
    stream.once('error', (error) => this.#closed.resolve(error))
    stream.once('close', () => this.#closed.resolve(undefined))
  }

  get pongs(): number {
    return this.#pongs
  }

  /** The status of SHUT. @throws DiagnosticError MIGRATION_ANSWER_MALFORMED. */
  get shut(): Promise<number> {
    return this.#shut.promise
  }

  /** Resolves when the destination ends the connection; with an error where it is not in order. */
  get closed(): Promise<Error | undefined> {
    return this.#closed.promise
  }

  #read(bytes: Buffer): void {
    try {
      this.#decoder.push(bytes)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const diagnostic = diagnose(SEND_KINDS.answerMalformed, { to: this.#to, reason })
      this.#shut.reject(new DiagnosticError([diagnostic]))
    }
  }

  #take({ message, data }: ReturnPathMessage): void {
    if (message === 'PONG') this.#pongs++
    if (message === 'SHUT') this.#shut.resolve(data.readUInt32BE())
  }
}
