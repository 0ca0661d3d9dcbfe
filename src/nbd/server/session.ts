/** What the NBD server does with one connection: negotiation, then transmission. */
import type { Duplex } from 'node:stream'
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { ConnectionHandler, EndpointConnection } from '../../endpoint/connection.ts'
import { ByteChannel } from '../../net/byte-channel.ts'
import type { BufferPool } from '../../transfer/buffer-pool.ts'
import type { Turns } from '../../transfer/turns.ts'
import type { NegotiatedExport } from '../exports/agreement.ts'
import type { Request } from '../protocol/requests.ts'
import type { ServerOffer } from './options/option-context.ts'
import { NBD_SERVER_KINDS } from './server-diagnostics.ts'
import type { NbdEvent } from './server-event.ts'
import { Negotiation } from './server-negotiation.ts'
import { ServerTransmission } from './server-transmission.ts'

/** What a session has of its server. */
export type SessionContext = {
  readonly offer: ServerOffer
  readonly pool: BufferPool
  /** Turns of all clients at the work that costs much. */
  readonly turns: Turns
  /** How many bytes a connection may hold. */
  readonly window: () => number
  readonly tell: (event: NbdEvent) => void
}

export class NbdSession implements ConnectionHandler {
  readonly #context: SessionContext
  #negotiation: Negotiation | undefined
  #transmission: ServerTransmission | undefined
  #exportName: string | undefined
  #isDraining = false

  constructor(context: SessionContext) {
    this.#context = context
  }

  get wasUsed(): boolean {
    return this.#transmission !== undefined
  }

  /** Once an export is used, the end of the connection has other reasons. */
  get refusal(): Diagnostic | undefined {
    return this.#transmission ? undefined : this.#negotiation?.refusal
  }

  /** The export that is used; undefined before. */
  get exportName(): string | undefined {
    return this.#exportName
  }

  drain(): boolean {
    this.#isDraining = true
    this.#transmission?.drain()
    return this.#transmission !== undefined
  }

  async run(connection: EndpointConnection): Promise<string> {
    const channel = new ByteChannel(connection.socket)
    const negotiated = await connection.withinHandshakeLimit(() =>
      this.#negotiate(channel, connection),
    )
    const stream = channel.release()
    stream.on('error', () => {})
    if (negotiated) await connection.letIn()
    const ending = negotiated && (await this.#use(stream, negotiated, connection))
    connection.close(stream)
    return ending ?? 'negotiation ended'
  }

  #negotiate(channel: ByteChannel, connection: EndpointConnection) {
    const { offer } = this.#context
    const secure = (stream: Duplex) => connection.secure(stream, offer.secure)
    this.#negotiation = new Negotiation(channel, { ...offer, secure })
    return this.#negotiation.run()
  }

  /** Serves the export, unless it was removed while the client chose it. */
  async #use(
    stream: Duplex,
    negotiated: NegotiatedExport,
    connection: EndpointConnection,
  ): Promise<string> {
    let isRemoved = false
    const release = this.#context.offer.exports.use(negotiated.served, () => {
      isRemoved = true
      connection.destroy()
    })
    if (!release) return REMOVED
    try {
      const ending = await this.#transmit(stream, negotiated, connection)
      return isRemoved ? REMOVED : ending
    } catch (error) {
      if (isRemoved) return REMOVED
      throw error
    } finally {
      release()
    }
  }

  async #transmit(
    stream: Duplex,
    negotiated: NegotiatedExport,
    connection: EndpointConnection,
  ): Promise<string> {
    const { pool, turns, window } = this.#context
    const { name, isReadOnly } = negotiated.served
    const isSecured = stream !== connection.socket
    this.#tell(connection, { event: 'serving', export: name, readOnly: isReadOnly, isSecured })
    const onStorageError = ({ command, offset }: Request, error: unknown) => {
      const data = { export: name, command, offset, error }
      const diagnostic = diagnose(NBD_SERVER_KINDS.storageFailed, data)
      this.#tell(connection, { event: 'failed', diagnostic })
    }
    // A client that has said all that it wants to say is still to get its replies.
    stream.allowHalfOpen = true
    this.#exportName = name
    const transmission = new ServerTransmission(stream, negotiated, {
      pool,
      turns,
      window,
      onStorageError,
    })
    this.#transmission = transmission
    const running = transmission.run()
    if (this.#isDraining) transmission.drain()
    return connection.withinIdleLimit(stream, () => running)
  }

  #tell({ origin }: EndpointConnection, event: NbdEventFacts): void {
    this.#context.tell({ ...origin, ...event })
  }
}

const REMOVED = 'export removed'

type NbdEventFacts =
  | Pick<Extract<NbdEvent, { event: 'serving' }>, 'event' | 'export' | 'readOnly' | 'isSecured'>
  | Pick<Extract<NbdEvent, { event: 'failed' }>, 'event' | 'diagnostic'>
