/** The side of a preflight that listens: on the host that the guest is to move to. */
import type { AddressInfo } from 'node:net'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { ConnectionEvent } from '../../endpoint/connection-event.ts'
import { ENDPOINT_KINDS } from '../../endpoint/endpoint-diagnostics.ts'
import { Listener } from '../../endpoint/listener.ts'
import { requireRoom } from '../../endpoint/listening-room.ts'
import { printHostAndPort } from '../../net/address.ts'
import { PreflightHandler, type PreflightHandlerOptions } from './preflight-handler.ts'
import { QuestionResponder } from './question.ts'
import { RateTickets } from './rate-tickets.ts'
import { RefusedHandshakes } from './refused-handshakes.ts'

export type PreflightListenerOptions = Omit<
  PreflightHandlerOptions,
  'refused' | 'tickets' | 'rateLimit'
> & {
  readonly onEvent?: ((event: ConnectionEvent) => void) | undefined
  /** Without a byte in either direction, in seconds; 0 for no limit. */
  readonly idleLimit?: number
  /** For one rate, in seconds. */
  readonly rateLimit?: number
}

/** Clients at the same time; each channel whose rate is measured is one. Others wait. */
const CONNECTION_LIMIT = 256

/** Until a client is let in, in seconds. */
const HANDSHAKE_LIMIT = 30

/** In seconds. */
const IDLE_LIMIT = 60

/** For one rate, in seconds: a client that sends on and on keeps this host busy. */
const RATE_LIMIT = 120

export class PreflightListener {
  readonly #listener: Listener
  #responder: QuestionResponder | undefined

  constructor({ security, config, ...options }: PreflightListenerOptions) {
    const { onEvent, onDone, idleLimit = IDLE_LIMIT, rateLimit = RATE_LIMIT } = options
    const refused = new RefusedHandshakes()
    const tickets = new RateTickets()
    this.#listener = new Listener({
      handle: () => new PreflightHandler({ security, config, refused, tickets, rateLimit, onDone }),
      connectionLimit: CONNECTION_LIMIT,
      handshakeLimit: HANDSHAKE_LIMIT,
      idleLimit,
      onEvent,
    })
  }

  /** @throws DiagnosticError ENDPOINT_CANNOT_LISTEN */
  async listen(host: string | undefined, port: number): Promise<AddressInfo> {
    const options = { port, ...(host === undefined ? {} : { host }) }
    const bound = (await this.#listener.listen(options)) as AddressInfo
    try {
      await this.#answerQuestions(bound)
      requireRoom(printHostAndPort(bound.address, bound.port))
    } catch (error) {
      // What cannot listen as a whole keeps no part of its place.
      await this.drain(0)
      throw error
    }
    return bound
  }

  async #answerQuestions({ address, port }: AddressInfo): Promise<void> {
    try {
      this.#responder = await QuestionResponder.listen(address, port)
    } catch (error) {
      const place = `UDP ${printHostAndPort(address, port)}`
      fail(ENDPOINT_KINDS.cannotListen, { address: place, error })
    }
  }

  async drain(limit: number): Promise<void> {
    this.#responder?.close()
    this.#responder = undefined
    await this.#listener.drain(limit)
  }
}
