/** Requests with any header, and replies in any style, checked byte by byte. */

import { PAYLOAD_LIMIT, type ReplyStyle } from '../../../src/nbd/exports/nbd-export.ts'
import {
  decodeBlockStatus,
  decodeErrorChunk,
  decodeExtendedBlockStatus,
  decodeHole,
  type Extent,
} from '../../../src/nbd/protocol/chunks.ts'
import { NBD_CMD, NBD_CMD_FLAG, NBD_REPLY_TYPE } from '../../../src/nbd/protocol/constants.ts'
import {
  type ChunkHeader,
  createChunkHeader,
  createSimpleReply,
  EXTENDED_REPLY_SIZE,
  readExtendedReply,
  readSimpleReply,
  readStructuredReply,
  SIMPLE_REPLY_SIZE,
  STRUCTURED_REPLY_SIZE,
} from '../../../src/nbd/protocol/replies.ts'
import {
  createRequest,
  EXTENDED_REQUEST_SIZE,
  REQUEST_SIZE,
  type Request,
  writeExtendedRequest,
  writeRequest,
} from '../../../src/nbd/protocol/requests.ts'
import { RawClient } from './raw-client.ts'

export const STYLES = ['simple', 'structured', 'extended'] as const

export type Reply = {
  readonly cookie: number
  readonly error: number
  /** Of reads, put together. */
  readonly data: Buffer
  readonly chunks: readonly number[]
  readonly extents: readonly Extent[]
}

export type Call = Partial<Omit<Request, 'cookieHigh' | 'cookieLow' | 'offset'>> & {
  /** A bigint where a number would not be exact. */
  readonly offset?: number | bigint
  readonly payload?: Buffer
}

export class RawTransmission {
  readonly client: RawClient
  readonly style: ReplyStyle
  #cookie = 0
  /** Lengths of reads: a simple reply does not tell how much follows. */
  readonly #reads = new Map<number, { offset: bigint; length: number }>()

  constructor(client: RawClient, style: ReplyStyle) {
    this.client = client
    this.style = style
  }

  static async open(path: string, style: ReplyStyle, name = ''): Promise<RawTransmission> {
    const client = await RawClient.greet(path)
    await client.go(style, name)
    return new RawTransmission(client, style)
  }

  /** Makes its cookies differ from those of others. */
  skipCookies(count: number): void {
    this.#cookie += count
  }

  /** The bytes of a request. */
  encode({ payload, offset: place = 0, ...fields }: Call): Buffer {
    const isExtended = this.style === 'extended'
    const cookieLow = ++this.#cookie
    const request = { ...createRequest(), cookieHigh: 0xfeed_beef, cookieLow, ...fields, offset: 0 }
    if (payload) request.length = fields.length ?? payload.length
    if (payload && isExtended) request.flags |= NBD_CMD_FLAG.PAYLOAD_LEN
    const { command, length } = request
    const offset = BigInt(place)
    this.#reads.set(cookieLow, { offset, length: command === NBD_CMD.READ ? length : 0 })
    const bytes = Buffer.alloc(isExtended ? EXTENDED_REQUEST_SIZE : REQUEST_SIZE)
    if (isExtended) writeExtendedRequest(bytes, 0, request)
    else writeRequest(bytes, 0, request)
    bytes.writeBigUInt64BE(offset, 16)
    return payload ? Buffer.concat([bytes, payload]) : bytes
  }

  /** Sends a request; gives its cookie. */
  send(call: Call): number {
    this.client.send(this.encode(call))
    return this.#cookie
  }

  /** Sends a request and reads a reply, which has to be its own. */
  async call(call: Call): Promise<Reply> {
    const cookie = this.send(call)
    const reply = await this.readReply()
    if (reply.cookie !== cookie) throw new Error(`a reply to ${reply.cookie} instead of ${cookie}`)
    return reply
  }

  async error(call: Call): Promise<number> {
    return (await this.call(call)).error
  }

  /** Reads so many replies, in whatever order they come. */
  async readReplies(count: number): Promise<ReadonlyMap<number, Reply>> {
    const replies = new Map<number, Reply>()
    while (replies.size < count) {
      const reply = await this.readReply()
      replies.set(reply.cookie, reply)
    }
    return replies
  }

  /** One whole reply. Chunks of others may not stand between its own: tests that need it differ. */
  async readReply(): Promise<Reply> {
    return this.style === 'simple' ? this.#readSimple() : this.#readChunks()
  }

  async #readSimple(): Promise<Reply> {
    const reply = createSimpleReply()
    readSimpleReply(await this.client.channel.read(SIMPLE_REPLY_SIZE), 0, reply)
    const { cookieLow: cookie, error } = reply
    const { length } = this.#take(reply)
    const data = error === 0 ? await this.client.channel.read(length) : Buffer.alloc(0)
    return { cookie, error, data, chunks: [], extents: [] }
  }

  readonly #partial = new Map<number, MutableReply>()

  async #readChunks(): Promise<Reply> {
    for (;;) {
      const chunk = await this.#readChunkHeader()
      const { cookieLow: cookie, length } = chunk
      this.#requireEcho(chunk)
      const reply = this.#partial.get(cookie) ?? this.#begin(cookie)
      this.#partial.set(cookie, reply)
      this.#apply(reply, chunk, await this.client.channel.read(length))
      if ((chunk.flags & 1) === 0) continue
      this.#partial.delete(cookie)
      this.#take(chunk)
      if (reply.error === 0 && reply.covered !== reply.data.length) {
        throw new Error(`${reply.covered} of ${reply.data.length} bytes`)
      }
      return { ...reply, cookie }
    }
  }

  /** Extended headers send the offset of the request back, bit for bit. */
  #requireEcho({ cookieLow, offsetHigh, offsetLow }: ChunkHeader): void {
    if (this.style !== 'extended') return
    const echoed = (BigInt(offsetHigh) << 32n) | BigInt(offsetLow)
    const sent = this.#reads.get(cookieLow)?.offset
    if (echoed !== sent) throw new Error(`offset ${echoed} in a reply about ${sent}`)
  }

  #begin(cookie: number): MutableReply {
    const length = Math.min(this.#reads.get(cookie)?.length ?? 0, PAYLOAD_LIMIT)
    return { error: 0, data: Buffer.alloc(length, 0xaa), covered: 0, chunks: [], extents: [] }
  }

  async #readChunkHeader(): Promise<ChunkHeader> {
    const chunk = createChunkHeader()
    if (this.style === 'structured') {
      readStructuredReply(await this.client.channel.read(STRUCTURED_REPLY_SIZE), 0, chunk)
    } else readExtendedReply(await this.client.channel.read(EXTENDED_REPLY_SIZE), 0, chunk)
    return chunk
  }

  #apply(reply: MutableReply, { cookieLow, type }: ChunkHeader, payload: Buffer): void {
    const start = Number(this.#reads.get(cookieLow)?.offset ?? 0)
    reply.chunks.push(type)
    switch (type) {
      case NBD_REPLY_TYPE.NONE:
        break
      case NBD_REPLY_TYPE.OFFSET_DATA: {
        const at = Number(payload.readBigUInt64BE(0)) - start
        reply.covered += payload.copy(reply.data, at, 8)
        break
      }
      case NBD_REPLY_TYPE.OFFSET_HOLE: {
        const { offset, length } = decodeHole(payload)
        reply.data.fill(0, offset - start, offset - start + length)
        reply.covered += length
        break
      }
      case NBD_REPLY_TYPE.BLOCK_STATUS:
        reply.extents.push(...decodeBlockStatus(payload).extents)
        break
      case NBD_REPLY_TYPE.BLOCK_STATUS_EXT:
        reply.extents.push(...decodeExtendedBlockStatus(payload).extents)
        break
      case NBD_REPLY_TYPE.ERROR:
        reply.error = decodeErrorChunk(payload, false).error
        break
      default:
        throw new Error(`an unknown chunk ${type}`)
    }
  }

  #take({ cookieHigh, cookieLow }: { cookieHigh: number; cookieLow: number }) {
    const read = this.#reads.get(cookieLow)
    if (cookieHigh !== 0xfeed_beef || !read) throw new Error('a reply to nothing')
    this.#reads.delete(cookieLow)
    return read
  }
}

type MutableReply = {
  error: number
  data: Buffer
  covered: number
  chunks: number[]
  extents: Extent[]
}
