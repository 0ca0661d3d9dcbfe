/** The transmission phase of one connection: requests out, replies in, matched by their cookies. */
import { randomInt } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { NET_KINDS } from '../../net/net-diagnostics.ts'
import { takeReceivedBytes } from '../../tls/received-bytes.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { Extent } from '../protocol/chunks.ts'
import { NBD_CMD } from '../protocol/constants.ts'
import {
  type Cookie,
  createRequest,
  EXTENDED_REQUEST_SIZE,
  REQUEST_SIZE,
  writeExtendedRequest,
  writeRequest,
} from '../protocol/requests.ts'
import type { HeaderStyle } from './client-negotiation.ts'
import { NBD_CLIENT_KINDS, type RequestFailure } from './nbd-client-diagnostics.ts'
import { blameServer } from './negotiation-channel.ts'
import { PendingRequest } from './pending-request.ts'
import { ReplyParser } from './reply-parser.ts'

/** One request as it goes onto the wire. */
export type WireRequest = {
  /** NBD_CMD... */
  readonly command: number
  /** NBD_CMD_FLAG... */
  readonly flags?: number
  readonly offset: number
  readonly length: number
  /** Of a write. It must not change until the answer is there. */
  readonly payload?: Buffer
  /** Where the data of a read goes. It is not to be used before the answer is there. */
  readonly target?: Buffer
}

export type TransmissionOptions = {
  readonly server: string
  readonly style: HeaderStyle
  /** The number of base:allocation. */
  readonly contextId?: number
  /** How long there may be no progress while an answer is due, in milliseconds. */
  readonly timeout: number
  /** Requests on their way at a time; more wait for their turn. */
  readonly maximumInFlight: number
}

/**
 * How much of an answer counts as progress, in bytes. A server that sends byte by byte could keep a
 * request waiting for ever; one that is slow and honest sends more than this within the time limit.
 */
const PROGRESS = 0x4000

/** How long a server may take to end the connection after the good-bye, in milliseconds. */
const GOODBYE_LIMIT = 1_000

/** A half of a cookie has 32 bits. */
const COOKIE_HALF = 0x1_0000_0000

export class ClientTransmission {
  readonly #stream: Duplex
  readonly #options: TransmissionOptions
  readonly #parser: ReplyParser
  readonly #pending = new Map<number, PendingRequest>()
  readonly #waiting: (() => void)[] = []
  readonly #request = createRequest()
  /** The upper half of every cookie; a server cannot guess it for a request it has not seen. */
  readonly #cookieHigh = randomInt(COOKIE_HALF)
  #nextCookie = 0
  #timer: NodeJS.Timeout | undefined
  /** Bytes since the last progress. */
  #arrived = 0
  #error: unknown
  #isLeaving = false
  #isGathering = false

  constructor(stream: Duplex, options: TransmissionOptions) {
    this.#stream = stream
    this.#options = options
    this.#parser = new ReplyParser(options.style, { find: this.#find, finish: this.#finish })
    stream.on('error', (error) => this.#end(error))
    stream.on('end', () => this.#end(undefined))
    stream.on('close', () => this.#end(undefined))
    takeReceivedBytes(stream, this.#receive)
    stream.resume()
  }

  /** Whether requests can still be sent. */
  get isOpen(): boolean {
    return this.#error === undefined && !this.#isLeaving
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @returns The extents of a request of block status.
   * @throws DiagnosticError NBD_REQUEST_FAILED where the server says so; any other has ended the
   * connection.
   */
  async send(request: WireRequest): Promise<readonly Extent[]> {
    if (this.#pending.size >= this.#options.maximumInFlight) await this.#turn()
    if (this.#error !== undefined) throw this.#error
    if (this.#isLeaving) throw this.#lost('before the request could be sent')
    return new Promise((resolve, reject) => {
      const pending: PendingRequest = new PendingRequest({
        ...request,
        ...(this.#options.contextId === undefined ? {} : { contextId: this.#options.contextId }),
        resolve: () => resolve(pending.extents ?? []),
        reject,
      })
      this.#write(request, this.#register(pending))
    })
  }

  /** Says good-bye, and waits until the server has ended the connection, within the limit. */
  async disconnect(): Promise<void> {
    if (this.#stream.destroyed) return
    this.#isLeaving = true
    const gone = new Promise<void>((resolve) => this.#stream.once('close', resolve))
    this.#write({ command: NBD_CMD.DISC, offset: 0, length: 0 }, 0)
    this.#stream.end()
    const impatience = setTimeout(() => this.#stream.destroy(), GOODBYE_LIMIT)
    await gone
    clearTimeout(impatience)
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#end(new Error('it was ended here'))
  }

  #register(request: PendingRequest): number {
    do this.#nextCookie = (this.#nextCookie + 1) >>> 0
    while (this.#pending.has(this.#nextCookie))
    this.#pending.set(this.#nextCookie, request)
    if (this.#pending.size === 1) this.#startTimer()
    return this.#nextCookie
  }

  #write({ command, flags = 0, offset, length, payload }: WireRequest, cookieLow: number): void {
    const isExtended = this.#options.style === 'extended'
    const header = Buffer.allocUnsafe(isExtended ? EXTENDED_REQUEST_SIZE : REQUEST_SIZE)
    const write = isExtended ? writeExtendedRequest : writeRequest
    Object.assign(this.#request, { command, flags, offset, length, cookieLow })
    this.#request.cookieHigh = this.#cookieHigh
    write(header, 0, this.#request)
    this.#gather()
    this.#stream.write(header)
    if (payload) this.#stream.write(payload)
  }

  /** Sends what is written in one turn together: over TLS each part alone would be a record. */
  #gather(): void {
    if (this.#isGathering) return
    this.#isGathering = true
    this.#stream.cork()
    process.nextTick(() => {
      this.#isGathering = false
      this.#stream.uncork()
    })
  }

  readonly #receive = (bytes: Buffer): void => {
    if (this.#error !== undefined) return
    this.#arrived += bytes.length
    if (this.#arrived >= PROGRESS) this.#noteProgress()
    try {
      this.#parser.push(bytes)
    } catch (error) {
      this.#end(blameServer(error, this.#options.server))
    }
  }

  readonly #find = ({ cookieHigh, cookieLow }: Cookie): PendingRequest => {
    const request = cookieHigh === this.#cookieHigh ? this.#pending.get(cookieLow) : undefined
    return request ?? refuse('an answer to a request that is not on its way')
  }

  readonly #finish = ({ cookieLow }: Cookie, request: PendingRequest): void => {
    this.#pending.delete(cookieLow)
    this.#noteProgress()
    if (this.#pending.size === 0) clearTimeout(this.#timer)
    this.#waiting.shift()?.()
    const { command, offset, length, failure } = request
    const { server } = this.#options
    if (!failure) request.resolve()
    else request.reject(new NbdRequestError({ server, command, offset, length, ...failure }))
  }

  /** Waits until fewer requests are on their way. */
  async #turn(): Promise<void> {
    do await new Promise<void>((resolve) => this.#waiting.push(resolve))
    while (this.#error === undefined && this.#pending.size >= this.#options.maximumInFlight)
  }

  #noteProgress(): void {
    this.#arrived = 0
    this.#timer?.refresh()
  }

  #startTimer(): void {
    clearTimeout(this.#timer)
    this.#arrived = 0
    const { server, timeout } = this.#options
    this.#timer = setTimeout(() => {
      const what = this.#arrived === 0 ? 'send anything' : 'get on with its answer'
      const data = { server, what, seconds: timeout / 1000 }
      this.#end(new DiagnosticError([diagnose(NET_KINDS.timedOut, data)]))
    }, timeout)
  }

  #lost(when: string, error?: unknown): DiagnosticError {
    const data = { server: this.#options.server, when, error }
    return new DiagnosticError([diagnose(NBD_CLIENT_KINDS.closed, data)])
  }

  #end(error: unknown): void {
    if (this.#error !== undefined) return
    const where = this.#parser.isInside ? 'in the middle of an answer' : 'before its answer came'
    this.#error = error instanceof DiagnosticError ? error : this.#lost(where, error)
    clearTimeout(this.#timer)
    this.#stream.destroy()
    for (const request of this.#pending.values()) request.reject(this.#error)
    this.#pending.clear()
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** A request that the server could not carry out. The connection goes on. */
export class NbdRequestError extends DiagnosticError {
  /** NBD_ERROR... */
  readonly error: number

  constructor(failure: RequestFailure) {
    super([diagnose(NBD_CLIENT_KINDS.requestFailed, failure)])
    this.error = failure.error
  }
}
