/** Cuts the stream of a server into replies and gives each to its request. A state loop with limits. */

import { refuse } from '../../wire/protocol-error.ts'
import { OFFSET_DATA_PREFIX_SIZE, readOffsetDataPrefix } from '../protocol/chunks.ts'
import {
  NBD_CMD,
  NBD_REPLY_FLAG,
  NBD_REPLY_TYPE,
  SIMPLE_REPLY_MAGIC,
} from '../protocol/constants.ts'
import {
  createChunkHeader,
  createSimpleReply,
  EXTENDED_REPLY_SIZE,
  readExtendedReply,
  readSimpleReply,
  readStructuredReply,
  SIMPLE_REPLY_SIZE,
  STRUCTURED_REPLY_SIZE,
} from '../protocol/replies.ts'
import { type Cookie, offsetOf } from '../protocol/requests.ts'
import type { HeaderStyle } from './client-negotiation.ts'
import type { PendingRequest } from './pending-request.ts'

export type ReplySink = {
  /** @throws ProtocolError where no such request is on its way. */
  find(cookie: Cookie): PendingRequest
  /** The answer is there. */
  finish(cookie: Cookie, request: PendingRequest): void
}

/** What the next bytes are. */
const STATE = { header: 0, offset: 1, data: 2, payload: 3 } as const
type State = (typeof STATE)[keyof typeof STATE]

const NOTHING = Buffer.alloc(0)

export class ReplyParser {
  readonly #style: HeaderStyle
  readonly #sink: ReplySink
  readonly #simple = createSimpleReply()
  readonly #chunk = createChunkHeader()
  readonly #scratch = Buffer.alloc(EXTENDED_REPLY_SIZE)
  #state: State = STATE.header
  /** Where the bytes of this state go, and how many are there. */
  #target: Buffer
  #filled = 0
  #request: PendingRequest | undefined
  #isLast = false

  constructor(style: HeaderStyle, sink: ReplySink) {
    this.#style = style
    this.#sink = sink
    this.#target = this.#scratch.subarray(0, this.#headerSize())
  }

  /** Whether a reply has begun and not ended. */
  get isInside(): boolean {
    return this.#state !== STATE.header || this.#filled > 0
  }

  /** @throws ProtocolError after which nothing more may be pushed. */
  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const wanted = this.#target.length - this.#filled
      const count = Math.min(wanted, bytes.length - at)
      bytes.copy(this.#target, this.#filled, at, at + count)
      this.#filled += count
      at += count
      if (count === wanted) this.#step()
    }
  }

  #expect(state: State, target: Buffer): void {
    this.#state = state
    this.#target = target
    this.#filled = 0
  }

  #step(): void {
    switch (this.#state) {
      case STATE.header:
        this.#takeHeader()
        break
      case STATE.offset:
        this.#takeOffset()
        break
      case STATE.payload:
        this.#request?.takePayload(this.#chunk.type, this.#target)
        this.#endChunk()
        break
      case STATE.data:
        this.#endChunk()
    }
  }

  /** Simple replies are the shortest; what they begin with says whether more has to be read. */
  #headerSize(): number {
    return this.#style === 'extended' ? EXTENDED_REPLY_SIZE : SIMPLE_REPLY_SIZE
  }

  #takeHeader(): void {
    if (this.#style === 'extended') {
      readExtendedReply(this.#scratch, 0, this.#chunk)
      this.#beginChunk()
    } else if (this.#style === 'simple' || this.#scratch.readUInt32BE() === SIMPLE_REPLY_MAGIC) {
      this.#beginSimple()
    } else if (this.#filled === SIMPLE_REPLY_SIZE) {
      this.#target = this.#scratch.subarray(0, STRUCTURED_REPLY_SIZE)
    } else {
      readStructuredReply(this.#scratch, 0, this.#chunk)
      this.#beginChunk()
    }
  }

  #beginSimple(): void {
    readSimpleReply(this.#scratch, 0, this.#simple)
    const request = this.#sink.find(this.#simple)
    const { error } = this.#simple
    this.#request = request
    this.#isLast = true
    this.#chunk.cookieHigh = this.#simple.cookieHigh
    this.#chunk.cookieLow = this.#simple.cookieLow
    if (error !== 0) request.failure = { error, text: '' }
    if (error !== 0 || request.command !== NBD_CMD.READ) this.#endChunk()
    else if (this.#style !== 'simple') refuse('a simple reply to a read, after structured replies')
    else this.#expectData(request.placeData(request.offset, request.length))
  }

  #beginChunk(): void {
    const { flags, type, length } = this.#chunk
    const offset = offsetOf(this.#chunk)
    const request = this.#sink.find(this.#chunk)
    if (this.#style === 'extended' && offset !== request.offset) {
      refuse(`a reply about offset ${offset} to a request about ${request.offset}`)
    }
    request.checkChunk(type, length)
    this.#request = request
    this.#isLast = (flags & NBD_REPLY_FLAG.DONE) !== 0
    if (type === NBD_REPLY_TYPE.NONE) {
      if (!this.#isLast) refuse('an empty chunk that is not the last')
      this.#endChunk()
    } else if (type === NBD_REPLY_TYPE.OFFSET_DATA) {
      this.#expect(STATE.offset, this.#scratch.subarray(0, OFFSET_DATA_PREFIX_SIZE))
    } else {
      if (length === 0) refuse('a chunk without what belongs into it')
      this.#expect(STATE.payload, Buffer.allocUnsafe(length))
    }
  }

  #takeOffset(): void {
    const offset = readOffsetDataPrefix(this.#scratch, 0)
    const length = this.#chunk.length - OFFSET_DATA_PREFIX_SIZE
    this.#expectData(this.#request?.placeData(offset, length) ?? NOTHING)
  }

  #expectData(target: Buffer): void {
    this.#expect(STATE.data, target)
    if (target.length === 0) this.#endChunk()
  }

  #endChunk(): void {
    const request = this.#request
    this.#request = undefined
    this.#expect(STATE.header, this.#scratch.subarray(0, this.#headerSize()))
    if (!request || !this.#isLast) return
    request.complete()
    this.#sink.finish(this.#chunk, request)
  }
}
