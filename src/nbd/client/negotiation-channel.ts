/** The connection while a client negotiates: in time, and in words where it ends before. */
import type { Duplex } from 'node:stream'
import { DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { ByteChannel, ConnectionEnded } from '../../net/byte-channel.ts'
import { NET_KINDS } from '../../net/net-diagnostics.ts'
import { ProtocolError } from '../../wire/protocol-error.ts'
import { NBD_CLIENT_KINDS } from './client-diagnostics.ts'

export class NegotiationChannel extends ByteChannel {
  /** What messages call the server. */
  readonly server: string
  readonly #timer: NodeJS.Timeout
  #late: DiagnosticError | undefined

  /** @param timeout For the whole negotiation, in milliseconds. */
  constructor(stream: Duplex, server: string, timeout: number) {
    super(stream)
    this.server = server
    const data = { server, what: 'finish the negotiation', seconds: timeout / 1000 }
    this.#timer = setTimeout(() => {
      this.#late = new DiagnosticError([diagnose(NET_KINDS.timedOut, data)])
      this.stream.destroy()
    }, timeout)
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
    clearTimeout(this.#timer)
    return super.release()
  }

  /** Ends the connection at once. */
  destroy(): void {
    clearTimeout(this.#timer)
    this.stream.on('error', () => {})
    this.stream.destroy()
  }

  #explain(error: unknown): never {
    if (this.#late) throw this.#late
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
