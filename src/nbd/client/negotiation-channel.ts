/** The connection while a client negotiates: in time, and in words where it ends before. */
import type { Duplex } from 'node:stream'
import { type Diagnostic, DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { ByteChannel, ConnectionEnded } from '../../net/byte-channel.ts'
import type { DialOptions } from '../../net/dial.ts'
import { NET_KINDS } from '../../net/net-diagnostics.ts'
import { ProtocolError } from '../../wire/protocol-error.ts'
import { NBD_CLIENT_KINDS } from './nbd-client-diagnostics.ts'

export class NegotiationChannel extends ByteChannel {
  /** What messages call the server. */
  readonly server: string
  readonly #timer: NodeJS.Timeout
  readonly #signal: AbortSignal | undefined
  #ending: NodeJS.Immediate | undefined
  /** Why this side ended the connection. */
  #reason: DiagnosticError | undefined

  /** @param limits `timeout` is for the whole negotiation, in milliseconds; `signal` gives it up. */
  constructor(stream: Duplex, server: string, { timeout, signal }: DialOptions) {
    super(stream)
    this.server = server
    const data = { server, what: 'finish the negotiation', seconds: timeout / 1000 }
    this.#timer = setTimeout(() => this.#end(diagnose(NET_KINDS.timedOut, data)), timeout)
    this.#signal = signal
    signal?.addEventListener('abort', this.#giveUp)
    if (signal?.aborted) this.#giveUp()
  }

  /** @throws DiagnosticError where the connection ends before. */
  override read(length: number): Promise<Buffer> {
    return super.read(length).catch((error) => this.#explain(error))
  }

  /** @throws DiagnosticError where the connection ends before, or what `wrap` throws. */
  override replace<Session extends { readonly socket: Duplex }>(
    wrap: (stream: Duplex) => Promise<Session>,
  ): Promise<Session> {
    return super.replace(wrap).catch((error) => this.#explain(error))
  }

  override release(): Duplex {
    this.#forgetLimits()
    return super.release()
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#forgetLimits()
    this.stream.on('error', () => {})
    this.stream.destroy()
  }

  #forgetLimits(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#ending)
    this.#signal?.removeEventListener('abort', this.#giveUp)
  }

  /** The caller may be at work inside OpenSSL, which does not survive the end of its connection. */
  readonly #giveUp = (): void => {
    const reason = diagnose(NET_KINDS.givenUp, { server: this.server })
    this.#ending = setImmediate(() => this.#end(reason))
  }

  #end(reason: Diagnostic): void {
    this.#reason ??= new DiagnosticError([reason])
    this.stream.destroy()
  }

  #explain(error: unknown): never {
    if (this.#reason) throw this.#reason
    if (!(error instanceof ConnectionEnded)) throw error
    const data = { server: this.server, when: 'during the negotiation', error: error.cause }
    fail(NBD_CLIENT_KINDS.closed, data)
  }
}

/** Tells whose fault a protocol error is. */
export function blameServer(error: unknown, server: string): unknown {
  if (!(error instanceof ProtocolError)) return error
  return new DiagnosticError([
    diagnose(NBD_CLIENT_KINDS.protocolBroken, { server, what: error.message }),
  ])
}
