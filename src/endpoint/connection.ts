/** One connection of an endpoint from its first byte to its last: its limits, its end, its events. */
import type { Duplex } from 'node:stream'
import { type Diagnostic, DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import { ConnectionEnded } from '../net/byte-channel.ts'
import type { TlsSession } from '../tls/credentials/tls-session.ts'
import { ProtocolError } from '../wire/protocol-error.ts'
import type { ConnectionEvent, ConnectionOrigin } from './connection-event.ts'
import { ENDPOINT_KINDS } from './endpoint-diagnostics.ts'
import type { Secure } from './security.ts'

/** What an endpoint does with one connection. */
export interface ConnectionHandler {
  /**
   * Serves the connection, and closes it politely (`EndpointConnection.close`). A client that has shown
   * that it is one is let in first (`EndpointConnection.letIn`): until then it may have to give way.
   *
   * @returns how it ended, in words.
   */
  run(connection: EndpointConnection): Promise<string>
  /** Ends in order what is under way; false where nothing is, and the connection can be cut. */
  drain(): boolean
  /** The client came to use the endpoint: a mere look does not count. Needed where `onDeserted` is. */
  readonly wasUsed?: boolean
  /** Why the client was not let in, where it was told in the endpoint's own protocol. */
  readonly refusal?: Diagnostic | undefined
}

export type ConnectionContext = {
  /** Until the client is let in, in seconds; 0 for no limit. */
  readonly handshakeLimit: number
  /** Without a byte in either direction, in seconds; 0 for no limit. */
  readonly idleLimit: number
  readonly tell: (event: ConnectionEvent) => void
  /** Gives a client a place among those who are served. */
  readonly letIn: (connection: EndpointConnection) => Promise<void>
}

/** How long a client may take to read what is left, in milliseconds. */
const PATIENCE = 30_000

/** How long it may take to close its side then. */
const LINGER = 5_000

export class EndpointConnection {
  readonly socket: Duplex
  readonly origin: ConnectionOrigin
  readonly #context: ConnectionContext
  readonly #handler: ConnectionHandler
  /** Why this side cut it. */
  #cutReason: Diagnostic | undefined
  #isCutHere = false

  constructor(
    socket: Duplex,
    origin: ConnectionOrigin,
    context: ConnectionContext,
    handler: ConnectionHandler,
  ) {
    this.socket = socket
    this.origin = origin
    this.#context = context
    this.#handler = handler
    // The code that reads from the connection later tells what broke it.
    socket.on('error', () => {})
  }

  /** Serves until the end; never throws. The connection is closed afterwards. */
  async run(): Promise<void> {
    this.#tell({ event: 'connected' })
    try {
      const ending = await this.#handler.run(this)
      const { refusal } = this.#handler
      if (refusal) this.#tell({ event: 'refused', diagnostics: [refusal] })
      else this.#tell({ event: 'left', ending })
    } catch (error) {
      this.#tell({ event: 'refused', diagnostics: this.#reasons(error) })
      this.socket.destroy()
    }
  }

  get wasUsed(): boolean {
    return this.#handler.wasUsed ?? false
  }

  /** Finishes what is under way, then closes. */
  drain(): void {
    if (!this.#handler.drain()) this.destroy()
  }

  destroy(): void {
    this.#isCutHere = true
    this.socket.destroy()
  }

  /**
   * The client was let in: it takes one of the places as soon as one is free. Until then it may have to give way.
   *
   * @throws ConnectionEnded where it leaves while it waits for a place.
   */
  async letIn(): Promise<void> {
    await this.#context.letIn(this)
  }

  /** Too many clients are not let in yet, and this one has been there longest. */
  giveWay(): void {
    this.#cutReason = diagnose(ENDPOINT_KINDS.gaveWay, {})
    this.socket.destroy()
  }

  /** Runs what lets the client in; the connection is cut where that takes too long. */
  async withinHandshakeLimit<Result>(work: () => Promise<Result>): Promise<Result> {
    const { handshakeLimit: seconds } = this.#context
    if (seconds === 0) return work()
    const timer = setTimeout(() => {
      this.#cutReason = diagnose(ENDPOINT_KINDS.handshakeTime, { seconds })
      this.socket.destroy()
    }, seconds * 1000)
    try {
      return await work()
    } finally {
      clearTimeout(timer)
    }
  }

  /** Runs the server's side of a handshake, and tells of it. @throws DiagnosticError TLS_... */
  async secure(stream: Duplex, secure: Secure): Promise<TlsSession> {
    const session = await secure(stream)
    const { protocol, suite, group, peer } = session
    this.#tell({ event: 'secured', protocol, suite, group, peer })
    return session
  }

  /** Runs work on a stream; the connection is cut when nothing is sent or taken for too long. */
  async withinIdleLimit<Result>(stream: Duplex, work: () => Promise<Result>): Promise<Result> {
    const { idleLimit: seconds } = this.#context
    if (seconds === 0 || !('setTimeout' in stream)) return work()
    const socket = stream as Duplex & { setTimeout(milliseconds: number): void }
    const onTimeout = () => {
      this.#cutReason = diagnose(ENDPOINT_KINDS.idle, { seconds })
      stream.destroy(new Error('idle'))
    }
    socket.setTimeout(seconds * 1000)
    socket.on('timeout', onTimeout)
    try {
      return await work()
    } finally {
      socket.off('timeout', onTimeout)
    }
  }

  /** What was written goes out first, then the end of TLS, then that of the connection. */
  close(stream: Duplex): void {
    // Nothing would end the time limits below.
    if (this.socket.closed) return
    // A client that does not read, or does not close its side, must not keep it for ever.
    let timer = setTimeout(() => this.socket.destroy(), PATIENCE)
    this.socket.once('close', () => clearTimeout(timer))
    stream.end(() => {
      clearTimeout(timer)
      if (!this.socket.closed) timer = setTimeout(() => this.socket.destroy(), LINGER)
    })
  }

  #reasons(error: unknown): readonly Diagnostic[] {
    if (this.#cutReason) return [this.#cutReason]
    if (this.#isCutHere) return [diagnose(ENDPOINT_KINDS.lostConnection, { error: new Error(CUT) })]
    if (error instanceof DiagnosticError) return error.diagnostics
    if (error instanceof ProtocolError) {
      return [diagnose(ENDPOINT_KINDS.brokenProtocol, { what: error.message })]
    }
    const cause = error instanceof ConnectionEnded ? error.cause : error
    const { refusal } = this.#handler
    if (cause === undefined && refusal) return [refusal]
    if (isOwnMistake(cause)) return [diagnose(ENDPOINT_KINDS.ownMistake, { error: cause })]
    return [diagnose(ENDPOINT_KINDS.lostConnection, { error: cause ?? new Error(CLOSED) })]
  }

  #tell(event: DistributiveOmit<ConnectionEvent, keyof ConnectionOrigin>): void {
    this.#context.tell({ ...this.origin, ...event } as ConnectionEvent)
  }
}

/** What breaks a connection has the code of the system, or one of streams. */
function isOwnMistake(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  const isArgument = error instanceof TypeError || error instanceof RangeError
  return code === undefined || (isArgument && !code.startsWith('ERR_STREAM_'))
}

const CLOSED = 'the client closed it before all was said'

const CUT = 'this side cut it, since it ends'

type DistributiveOmit<Type, Keys extends keyof never> = Type extends unknown
  ? Omit<Type, Keys>
  : never
