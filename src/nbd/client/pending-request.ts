/** A request on its way: what may answer it, and what has come of the answer. */

import { refuse } from '../../wire/protocol-error.ts'
import {
  type BlockStatus,
  decodeBlockStatus,
  decodeErrorChunk,
  decodeExtendedBlockStatus,
  decodeHole,
  type Extent,
  OFFSET_DATA_PREFIX_SIZE,
} from '../protocol/chunks.ts'
import {
  CHUNK_ERROR_BIT,
  EXTENT_LIMIT,
  NBD_CMD,
  NBD_ERROR,
  NBD_REPLY_TYPE,
  STRING_LIMIT,
} from '../protocol/constants.ts'
import { chunkName, commandName } from '../protocol/names.ts'
import { ReadCoverage } from './read-coverage.ts'

/** In bytes, of an error with an offset: its number, the length of its text, and the offset. */
const ERROR_FIELDS_SIZE = 4 + 2 + 8

/** In bytes. No error is larger. */
const ERROR_PAYLOAD_LIMIT = ERROR_FIELDS_SIZE + STRING_LIMIT

/** In bytes, of a hole: its offset, and its length in 32 bits. */
const HOLE_SIZE = 8 + 4

/** In bytes, of block status with 64-bit extents: the context and the count before the extents, and one extent. */
const STATUS_FIELDS_SIZE = 4 + 4
const EXTENT_SIZE = 8 + 8

/** Honest servers send one, or one for each bad part of a read. */
const ERROR_CHUNK_LIMIT = 16

/** Servers cut reads at borders of blocks or of extents, and none of these is smaller on average, in bytes. */
const AVERAGE_CHUNK = 512

/** Beyond what the length of a request allows: the last chunk, and parts before the first border. */
const SPARE_CHUNKS = 32

/** What the server said went wrong. */
export type RequestError = { readonly error: number; readonly text: string }

export class PendingRequest {
  readonly command: number
  readonly offset: number
  readonly length: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  /** Where the data of a read goes. */
  readonly target: Buffer | undefined
  /** Of block status; undefined until the answer is there. */
  extents: readonly Extent[] | undefined
  failure: RequestError | undefined
  readonly #coverage: ReadCoverage | undefined
  readonly #contextId: number | undefined
  #chunksLeft: number
  #errorsLeft = ERROR_CHUNK_LIMIT

  constructor(request: {
    readonly command: number
    readonly offset: number
    readonly length: number
    readonly resolve: () => void
    readonly reject: (error: unknown) => void
    /** Of a read. */
    readonly target?: Buffer
    /** Of block status. */
    readonly contextId?: number
  }) {
    this.command = request.command
    this.offset = request.offset
    this.length = request.length
    this.resolve = request.resolve
    this.reject = request.reject
    this.target = request.target
    this.#contextId = request.contextId
    const isRead = request.command === NBD_CMD.READ
    if (isRead) this.#coverage = new ReadCoverage(request.length)
    this.#chunksLeft = SPARE_CHUNKS + (isRead ? Math.ceil(request.length / AVERAGE_CHUNK) : 0)
  }

  /** @throws ProtocolError where a chunk cannot belong to the answer. */
  checkChunk(type: number, length: number): void {
    this.#countChunk(type)
    if (type === NBD_REPLY_TYPE.NONE) {
      if (length > 0) refuse('NBD_REPLY_TYPE_NONE with data')
    } else if (type & CHUNK_ERROR_BIT) {
      if (length > ERROR_PAYLOAD_LIMIT) refuse(`an error of ${length} bytes`)
    } else if (type === NBD_REPLY_TYPE.OFFSET_DATA) this.#checkData(length)
    else if (type === NBD_REPLY_TYPE.OFFSET_HOLE) this.#checkHole(length)
    else this.#checkStatus(type, length)
  }

  /** Each chunk costs time, and refreshes the patience of the client: an answer has to end. */
  #countChunk(type: number): void {
    if (this.#chunksLeft-- === 0) refuse('an answer in too many pieces')
    if (type & CHUNK_ERROR_BIT && this.#errorsLeft-- === 0) {
      refuse(`more than ${ERROR_CHUNK_LIMIT} errors in one answer`)
    }
  }

  #checkData(length: number): void {
    if (this.command !== NBD_CMD.READ) refuse(`data in answer to ${commandName(this.command)}`)
    if (length <= OFFSET_DATA_PREFIX_SIZE || length > OFFSET_DATA_PREFIX_SIZE + this.length) {
      refuse(`${length} bytes in answer to a read of ${this.length}`)
    }
  }

  #checkHole(length: number): void {
    if (this.command !== NBD_CMD.READ) refuse(`a hole in answer to ${commandName(this.command)}`)
    if (length !== HOLE_SIZE) refuse(`a hole described in ${length} bytes`)
  }

  #checkStatus(type: number, length: number): void {
    const isStatus =
      type === NBD_REPLY_TYPE.BLOCK_STATUS || type === NBD_REPLY_TYPE.BLOCK_STATUS_EXT
    if (!isStatus || this.command !== NBD_CMD.BLOCK_STATUS) {
      refuse(`${chunkName(type)} in answer to ${commandName(this.command)}`)
    }
    if (length > STATUS_FIELDS_SIZE + EXTENT_LIMIT * EXTENT_SIZE)
      refuse(`block status of ${length} bytes`)
  }

  /** Says where data of a chunk goes. */
  placeData(offset: number, length: number): Buffer {
    const start = offset - this.offset
    this.#coverage?.add(start, length)
    return (this.target ?? refuse('data that was not asked for')).subarray(start, start + length)
  }

  /** Takes a chunk that holds anything but data. */
  takePayload(type: number, payload: Buffer): void {
    if (type & CHUNK_ERROR_BIT) this.#takeError(type, payload)
    else if (type === NBD_REPLY_TYPE.OFFSET_HOLE) {
      const { offset, length } = decodeHole(payload)
      this.placeData(offset, length).fill(0)
    } else if (type === NBD_REPLY_TYPE.BLOCK_STATUS) this.#takeStatus(decodeBlockStatus(payload))
    else if (type === NBD_REPLY_TYPE.BLOCK_STATUS_EXT) {
      this.#takeStatus(decodeExtendedBlockStatus(payload))
    }
  }

  #takeError(type: number, payload: Buffer): void {
    const isKnown = type === NBD_REPLY_TYPE.ERROR || type === NBD_REPLY_TYPE.ERROR_OFFSET
    if (!isKnown) {
      this.failure ??= { error: NBD_ERROR.EINVAL, text: '' }
      return
    }
    const chunk = decodeErrorChunk(payload, type === NBD_REPLY_TYPE.ERROR_OFFSET)
    this.failure ??= { error: chunk.error, text: chunk.message }
  }

  #takeStatus({ contextId, extents }: BlockStatus): void {
    if (contextId !== this.#contextId) refuse(`block status of context ${contextId}`)
    if (this.extents) refuse('block status twice')
    this.extents = extents
  }

  /** After the last of the answer. @throws ProtocolError where something is missing. */
  complete(): void {
    if (this.failure) return
    if (this.#coverage && !this.#coverage.isComplete) refuse('an answer with a part missing')
    if (this.command === NBD_CMD.BLOCK_STATUS && !this.extents) refuse('no block status')
  }
}
