/**
 * A server's side of the transmission: requests in, replies out, several at a time.
 *
 * Network Block Device protocol, section "Transmission phase". Each command has a file in commands/.
 * A request is not even read while the connection holds its share of the memory, so a client that
 * does not take replies is not served either.
 */
import type { Duplex } from 'node:stream'
import { Completions } from '../../endpoint/completions.ts'
import { takeReceivedBytes } from '../../tls/received-bytes.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { NegotiatedExport } from '../exports/agreement.ts'
import { PAYLOAD_LIMIT } from '../exports/nbd-export.ts'
import { NBD_CMD, NBD_CMD_FLAG, NBD_ERROR } from '../protocol/constants.ts'
import { describeError, isSystemCode, nbdErrorOf } from '../protocol/errors.ts'
import {
  createRequest,
  EXTENDED_REQUEST_SIZE,
  payloadLength,
  REQUEST_SIZE,
  type Request,
  readExtendedRequest,
  readRequest,
} from '../protocol/requests.ts'
import { checkRequest } from './commands/admission.ts'
import { COMMAND_HANDLERS } from './commands/all-commands.ts'
import type { CommandContext, Resources } from './commands/command-context.ts'
import type { CommandHandler, PayloadSink } from './commands/command-handler.ts'
import { REPLY_FORMATS, type ReplyFormat } from './replies/reply-format.ts'
import { ReplySender } from './replies/reply-sender.ts'

/** How a transmission came to its end. */
export type TransmissionEnd = 'disconnected' | 'closed' | 'closed within a request' | 'drained'

/** Requests of one connection that are served at the same time. */
const IN_FLIGHT_LIMIT = 64

const NOTHING = Buffer.alloc(0)

export class ServerTransmission implements CommandContext {
  readonly negotiated: NegotiatedExport
  readonly format: ReplyFormat
  readonly resources: Resources
  readonly sender: ReplySender
  readonly #socket: Duplex
  readonly #isExtended: boolean
  readonly #requestSize: number
  #input: Buffer = NOTHING
  #at = 0
  #sink: PayloadSink | undefined
  #payloadRest = 0
  /** Requests that were begun and not finished, also one whose payload is still coming. */
  #inFlight = 0
  #isAlone = false
  #isAdvancing = false
  #isDraining = false
  #isInputOver = false
  #ending: TransmissionEnd | undefined
  readonly #waiting: (() => void)[] = []
  readonly #onFinish: (() => void)[] = []
  readonly #completions = new Completions((error) => this.#fail(error))
  #finish: (ending: TransmissionEnd) => void = () => {}
  #fail: (error: unknown) => void = () => {}

  constructor(socket: Duplex, negotiated: NegotiatedExport, resources: Resources) {
    this.#socket = socket
    this.negotiated = negotiated
    this.resources = resources
    this.format = REPLY_FORMATS[negotiated.style]
    this.#isExtended = negotiated.style === 'extended'
    this.#requestSize = this.#isExtended ? EXTENDED_REQUEST_SIZE : REQUEST_SIZE
    const onSent = () => this.#completions.run(() => this.#advance())
    this.sender = new ReplySender(socket, resources.pool, onSent)
  }

  /**
   * Serves until the client disconnects.
   *
   * @throws ProtocolError, or what broke the connection; the caller destroys it then.
   */
  async run(): Promise<TransmissionEnd> {
    const socket = this.#socket
    const onData = (chunk: Buffer) => this.#completions.run(() => this.#receive(chunk))
    const onEnd = () => this.#completions.run(() => this.#endInput())
    const onClose = () => this.#completions.run(() => this.#end('closed'))
    const onError = (error: Error) => this.#fail(error)
    const over = new Promise<TransmissionEnd>((resolve, reject) => {
      this.#finish = resolve
      this.#fail = (error) => {
        // Requests that are under way go on with the input when they end, which may now be in the middle
        // of a message. So nothing more is taken.
        this.#ending ??= 'closed'
        reject(error)
      }
    })
    socket.on('end', onEnd).on('close', onClose).on('error', onError)
    const stopTaking = takeReceivedBytes(socket, onData)
    socket.resume()
    try {
      return await over
    } finally {
      stopTaking()
      socket.off('end', onEnd).off('close', onClose).off('error', onError)
      this.sender.flush()
    }
  }

  /** Finishes what is under way and refuses what comes after it. */
  drain(): void {
    this.#isDraining = true
    if (this.#inFlight === 0) this.#end('drained')
  }

  get isFull(): boolean {
    return this.sender.held >= this.resources.window() && !this.isGone
  }

  get isGone(): boolean {
    return this.#socket.destroyed
  }

  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  async becomeAlone(): Promise<void> {
    this.#isAlone = true
    while (this.#inFlight > 1) await this.#change()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFinish.push(resolve)
    })
  }

  abandon(error: unknown): void {
    this.#fail(error)
  }

  answerAfter(request: Request, work: Promise<void>): void {
    const isDurable = (request.flags & NBD_CMD_FLAG.FUA) !== 0
    const done = isDurable ? work.then(() => this.negotiated.served.storage.flush()) : work
    const reply = done.then(
      () => this.acknowledge(request),
      (error) => this.replyFailure(request, error),
    )
    this.#completions.own(reply)
  }

  own(request: Request, work: Promise<void>): void {
    this.#completions.own(work.catch((error) => this.replyFailure(request, error)))
  }

  holdWhile(size: number, work: Promise<void>): void {
    this.sender.hold(size)
    const release = () => this.sender.release(size)
    this.#completions.own(work.then(release, release))
  }

  replyError(request: Request, error: number): void {
    this.sender.add(this.format.encodeError(request, error, describeError(error)))
    this.finish()
  }

  /**
   * Ends a request that has failed because of the storage.
   *
   * @throws what is no error of the system: it is a mistake of ours, and no reply can be trusted.
   */
  replyFailure(request: Request, error: unknown): void {
    const { code } = error as NodeJS.ErrnoException
    if (!isSystemCode(code)) throw error
    const number = nbdErrorOf(code)
    if (number === NBD_ERROR.EIO) this.resources.onStorageError(request, error)
    this.replyError(request, number)
  }

  acknowledge(request: Request): void {
    this.sender.add(this.format.encodeDone(request))
    this.finish()
  }

  finish(): void {
    if (--this.#inFlight === 0) this.#isAlone = false
    for (const go of this.#onFinish.splice(0)) go()
    if (!this.#isAdvancing) this.#advance()
  }

  #receive(chunk: Buffer): void {
    if (this.#ending) return
    const rest = this.#input.length - this.#at
    this.#input = rest === 0 ? chunk : Buffer.concat([this.#input.subarray(this.#at), chunk])
    this.#at = 0
    this.#advance()
    // The bytes of the chunk are valid until this returns.
    if (this.#input === chunk) {
      this.#input = Buffer.from(chunk.subarray(this.#at))
      this.#at = 0
    }
  }

  /** Goes on with the input as far as it reaches and memory allows. */
  #advance(): void {
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    try {
      while (this.#step());
      // What was taken does not stay in memory because something was taken from it.
      if (this.#at === this.#input.length) {
        this.#input = NOTHING
        this.#at = 0
      }
      this.sender.flush()
    } finally {
      this.#isAdvancing = false
    }
    this.#steer()
  }

  /** Reads no more than can be served, lets those go on who wait, and ends what is over. */
  #steer(): void {
    const isBlocked = this.#isBlocked
    if (this.#isInputOver && !isBlocked && !this.#ending) this.#end('closed')
    if (isBlocked !== this.#socket.isPaused()) {
      if (isBlocked) this.#socket.pause()
      else this.#socket.resume()
    }
    if (!this.isFull) for (const go of this.#waiting.splice(0)) go()
    if (this.#inFlight === 0) {
      if (this.#isDraining) this.#ending ??= 'drained'
      if (this.#ending) this.#finish(this.#ending)
    }
  }

  get #isBlocked(): boolean {
    return this.isFull || this.#isAlone || this.#inFlight >= IN_FLIGHT_LIMIT
  }

  /** Takes one request, or as much of a payload as is there; false where there is nothing to take. */
  #step(): boolean {
    if (this.#ending || this.#isBlocked) return false
    const available = this.#input.length - this.#at
    if (this.#sink) return available > 0 && this.#stepPayload(this.#sink, available)
    if (available < this.#requestSize) return false
    const request = createRequest()
    if (this.#isExtended) readExtendedRequest(this.#input, this.#at, request)
    else readRequest(this.#input, this.#at, request)
    this.#at += this.#requestSize
    this.#begin(request)
    return true
  }

  #stepPayload(sink: PayloadSink, available: number): boolean {
    const count = Math.min(available, this.#payloadRest)
    const bytes = this.#input.subarray(this.#at, this.#at + count)
    this.#at += count
    this.#payloadRest -= count
    if (this.#payloadRest === 0) this.#sink = undefined
    sink.receive(bytes, this.#payloadRest === 0)
    return true
  }

  #begin(request: Request): void {
    if (request.command === NBD_CMD.DISC) this.#end('disconnected')
    else {
      this.#inFlight++
      const payload = payloadLength(request, this.#isExtended)
      if (payload > PAYLOAD_LIMIT) refuse(`a request with ${payload} bytes of data`)
      const handler = COMMAND_HANDLERS.get(request.command)
      const error = this.#isDraining
        ? NBD_ERROR.ESHUTDOWN
        : checkRequest(handler, request, this.negotiated)
      if (payload > 0) this.#awaitPayload(request, payload, error, handler)
      else if (error !== 0) this.replyError(request, error)
      else handler?.serve(this, request)
    }
  }

  #awaitPayload(
    request: Request,
    length: number,
    error: number,
    handler: CommandHandler | undefined,
  ): void {
    this.#payloadRest = length
    this.#sink =
      error === 0 && handler?.receive
        ? handler.receive(this, request)
        : this.#skip(request, error || NBD_ERROR.EINVAL)
  }

  /** A payload has to be taken even where it is not wanted: the next request begins after it. */
  #skip(request: Request, error: number): PayloadSink {
    return {
      receive: (_, isLast) => {
        if (isLast) this.replyError(request, error)
      },
    }
  }

  /** The client says no more; what it has said is still served. */
  #endInput(): void {
    this.#isInputOver = true
    this.#advance()
  }

  /** No more requests; what is under way still gets its replies. */
  #end(ending: TransmissionEnd): void {
    const isCut = ending === 'closed' && this.#sink !== undefined
    this.#ending ??= isCut ? 'closed within a request' : ending
    // No one waits for a payload that will never be complete.
    if (this.#sink) {
      this.#sink = undefined
      this.#inFlight--
    }
    this.#steer()
  }
}
