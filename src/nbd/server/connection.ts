/** One connection of a server from its first byte to its last. */
import type { Duplex } from 'node:stream'
import { type Diagnostic, DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { ByteChannel, ConnectionEnded } from '../../net/byte-channel.ts'
import { ProtocolError } from '../../wire/protocol-error.ts'
import type { Request } from '../protocol/requests.ts'
import type { BufferPool } from './buffer-pool.ts'
import { type Negotiated, Negotiation, type Offer } from './negotiation.ts'
import { NBD_SERVER_KINDS } from './server-diagnostics.ts'
import type { ConnectionOrigin, ServerEvent } from './server-event.ts'
import { type Ending, Transmission } from './transmission.ts'

/** What a connection has of its server. */
export type ConnectionContext = {
  readonly offer: Offer
  readonly pool: BufferPool
  /** How many bytes a connection may hold. */
  readonly window: () => number
  /** For the negotiation, in seconds; 0 for no limit. */
  readonly handshakeLimit: number
  /** Without a byte in either direction, in seconds; 0 for no limit. */
  readonly idleLimit: number
  readonly tell: (event: ServerEvent) => void
}

/** How long a client may take to read what is left, in milliseconds. */
const PATIENCE = 30_000

/** How long it may take to close its side then. */
const LINGER = 5_000

export class Connection {
  readonly #socket: Duplex
  readonly #origin: ConnectionOrigin
  readonly #context: ConnectionContext
  #negotiation: Negotiation | undefined
  #transmission: Transmission | undefined
  #isDraining = false
  #timeout: Diagnostic | undefined

  constructor(socket: Duplex, origin: ConnectionOrigin, context: ConnectionContext) {
    this.#socket = socket
    this.#origin = origin
    this.#context = context
    // Whatever breaks it later is told by whoever reads at that time.
    socket.on('error', () => {})
  }

  /** Serves until the end; never throws. The connection is closed afterwards. */
  async run(): Promise<void> {
    this.#tell({ event: 'connected' })
    try {
      const ending = await this.#serve()
      const refusal = this.#negotiation?.refusal
      if (!ending && refusal) this.#tell({ event: 'refused', diagnostics: [refusal] })
      else this.#tell({ event: 'left', ending: ending ?? 'negotiation ended' })
    } catch (error) {
      this.#tell({ event: 'refused', diagnostics: this.#reasons(error) })
      this.#socket.destroy()
    }
  }

  /** Whether the client came to use an export. */
  get hasServed(): boolean {
    return this.#transmission !== undefined
  }

  /** Finishes the requests that are under way, then closes. */
  drain(): void {
    this.#isDraining = true
    if (this.#transmission) this.#transmission.drain()
    else this.#socket.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async #serve(): Promise<Ending | undefined> {
    const channel = new ByteChannel(this.#socket)
    const negotiated = await this.#negotiate(channel)
    const stream = channel.release()
    stream.on('error', () => {})
    const ending = negotiated && (await this.#transmit(stream, negotiated))
    this.#close(stream)
    return ending
  }

  /** What was written goes out first, then the end of TLS, then that of the connection. */
  #close(stream: Duplex): void {
    // Whoever does not read, or does not close its side as well, must not keep it for ever.
    let timer = setTimeout(() => this.#socket.destroy(), PATIENCE)
    this.#socket.once('close', () => clearTimeout(timer))
    stream.end(() => {
      clearTimeout(timer)
      if (!this.#socket.closed) timer = setTimeout(() => this.#socket.destroy(), LINGER)
    })
  }

  async #negotiate(channel: ByteChannel): Promise<Negotiated | undefined> {
    const { offer, handshakeLimit: seconds } = this.#context
    const stop = this.#destroyAfter(seconds, diagnose(NBD_SERVER_KINDS.handshakeTime, { seconds }))
    try {
      this.#negotiation = new Negotiation(channel, {
        ...offer,
        secure: async (connection) => {
          const session = await offer.secure(connection)
          const { protocol, suite, group, peer } = session
          this.#tell({ event: 'secured', protocol, suite, group, peer })
          return session
        },
      })
      return await this.#negotiation.run()
    } finally {
      stop()
    }
  }

  async #transmit(stream: Duplex, negotiated: Negotiated): Promise<Ending> {
    const { pool, window, idleLimit } = this.#context
    const { name, isReadOnly } = negotiated.served
    const isSecured = stream !== this.#socket
    this.#tell({ event: 'serving', export: name, readOnly: isReadOnly, isSecured })
    const onStorageError = ({ command, offset }: Request, error: unknown) => {
      const data = { export: name, command, offset, error }
      this.#tell({ event: 'failed', diagnostic: diagnose(NBD_SERVER_KINDS.storageFailed, data) })
    }
    // Who has said all that it wants to say is still to get its replies.
    stream.allowHalfOpen = true
    this.#transmission = new Transmission(stream, negotiated, { pool, window, onStorageError })
    const running = this.#transmission.run()
    if (this.#isDraining) this.#transmission.drain()
    const stop = this.#watchIdle(stream, idleLimit)
    try {
      return await running
    } finally {
      stop()
    }
  }

  /** Ends the connection when nothing was sent or taken for so many seconds. */
  #watchIdle(stream: Duplex, seconds: number): () => void {
    if (seconds === 0 || !('setTimeout' in stream)) return () => {}
    const socket = stream as Duplex & { setTimeout(milliseconds: number): void }
    const onTimeout = () => {
      this.#timeout = diagnose(NBD_SERVER_KINDS.idle, { seconds })
      stream.destroy(new Error('idle'))
    }
    socket.setTimeout(seconds * 1000)
    socket.on('timeout', onTimeout)
    return () => socket.off('timeout', onTimeout)
  }

  #destroyAfter(seconds: number, reason: Diagnostic): () => void {
    if (seconds === 0) return () => {}
    const timer = setTimeout(() => {
      this.#timeout = reason
      this.#socket.destroy()
    }, seconds * 1000)
    return () => clearTimeout(timer)
  }

  #reasons(error: unknown): readonly Diagnostic[] {
    if (this.#timeout) return [this.#timeout]
    if (error instanceof DiagnosticError) return error.diagnostics
    if (error instanceof ProtocolError) {
      return [diagnose(NBD_SERVER_KINDS.brokenProtocol, { what: error.message })]
    }
    const cause = error instanceof ConnectionEnded ? error.cause : error
    const refusal = this.#negotiation?.refusal
    if (cause === undefined && refusal) return [refusal]
    if (isOwnMistake(cause)) return [diagnose(NBD_SERVER_KINDS.ownMistake, { error: cause })]
    return [diagnose(NBD_SERVER_KINDS.lostConnection, { error: cause ?? new Error(CLOSED) })]
  }

  #tell(event: DistributiveOmit<ServerEvent, keyof ConnectionOrigin>): void {
    this.#context.tell({ ...this.#origin, ...event } as ServerEvent)
  }
}

/** What breaks a connection has the code of the system, or one of streams. */
function isOwnMistake(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  const isArgument = error instanceof TypeError || error instanceof RangeError
  return code === undefined || (isArgument && !code.startsWith('ERR_STREAM_'))
}

const CLOSED = 'the client closed it during the negotiation'

type DistributiveOmit<Type, Keys extends keyof never> = Type extends unknown
  ? Omit<Type, Keys>
  : never
