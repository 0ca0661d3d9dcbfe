/** How each style of reply begins: the header of data, and a whole reply without data. */

import type { ReplyStyle } from '../../exports/nbd-export.ts'
import {
  encodeErrorChunk,
  OFFSET_DATA_PREFIX_SIZE,
  writeOffsetDataPrefix,
} from '../../protocol/chunks.ts'
import { NBD_REPLY_FLAG, NBD_REPLY_TYPE } from '../../protocol/constants.ts'
import {
  EXTENDED_REPLY_SIZE,
  SIMPLE_REPLY_SIZE,
  STRUCTURED_REPLY_SIZE,
  writeExtendedReply,
  writeSimpleReply,
  writeStructuredReply,
} from '../../protocol/replies.ts'
import type { Request } from '../../protocol/requests.ts'

/** One chunk of a reply. */
type Chunk = {
  /** NBD_REPLY_TYPE_... */
  readonly type: number
  readonly payload: Buffer
  /** It is the last one. */
  readonly isDone: boolean
}

export interface ReplyFormat {
  /** Bytes that stand before the data of a read. */
  readonly dataHeaderSize: number
  /** Several chunks may make up a reply; else data has to come whole, after its error is known. */
  readonly hasChunks: boolean
  writeDataHeader(bytes: Buffer, at: number, request: Request, data: DataChunk): void
  encodeDone(request: Request): Buffer
  encodeError(request: Request, error: number, message: string): Buffer
  /** Only where there are chunks. */
  encodeChunk(request: Request, chunk: Chunk): Buffer
}

/** The place of the data that a chunk brings. */
export type DataChunk = {
  readonly offset: number
  readonly length: number
  readonly isDone: boolean
}

const NOTHING = Buffer.alloc(0)

const simple: ReplyFormat = {
  dataHeaderSize: SIMPLE_REPLY_SIZE,
  hasChunks: false,
  writeDataHeader(bytes, at, { cookieHigh, cookieLow }) {
    writeSimpleReply(bytes, at, { error: 0, cookieHigh, cookieLow })
  },
  encodeDone: (request) => encodeSimple(request, 0),
  encodeError: (request, error) => encodeSimple(request, error),
  encodeChunk() {
    throw new TypeError('a simple reply has no chunks')
  },
}

function encodeSimple({ cookieHigh, cookieLow }: Request, error: number): Buffer {
  const bytes = Buffer.allocUnsafe(SIMPLE_REPLY_SIZE)
  writeSimpleReply(bytes, 0, { error, cookieHigh, cookieLow })
  return bytes
}

type WriteHeader = typeof writeExtendedReply

function chunked(size: number, writeHeader: WriteHeader): ReplyFormat {
  const write = (
    bytes: Buffer,
    at: number,
    request: Request,
    type: number,
    length: number,
    isDone: boolean,
  ) => {
    const { cookieHigh, cookieLow, offsetHigh, offsetLow } = request
    const flags = isDone ? NBD_REPLY_FLAG.DONE : 0
    writeHeader(bytes, at, { flags, type, cookieHigh, cookieLow, offsetHigh, offsetLow, length })
  }
  const encodeChunk = (request: Request, { type, payload, isDone }: Chunk): Buffer => {
    const bytes = Buffer.allocUnsafe(size + payload.length)
    write(bytes, 0, request, type, payload.length, isDone)
    payload.copy(bytes, size)
    return bytes
  }
  const encodeLast = (request: Request, type: number, payload: Buffer) =>
    encodeChunk(request, { type, payload, isDone: true })
  return {
    dataHeaderSize: size + OFFSET_DATA_PREFIX_SIZE,
    hasChunks: true,
    writeDataHeader(bytes, at, request, { offset, length, isDone }) {
      const payload = OFFSET_DATA_PREFIX_SIZE + length
      write(bytes, at, request, NBD_REPLY_TYPE.OFFSET_DATA, payload, isDone)
      writeOffsetDataPrefix(bytes, at + size, offset)
    },
    encodeDone: (request) => encodeLast(request, NBD_REPLY_TYPE.NONE, NOTHING),
    encodeError: (request, error, message) =>
      encodeLast(request, NBD_REPLY_TYPE.ERROR, encodeErrorChunk({ error, message })),
    encodeChunk,
  }
}

export const REPLY_FORMATS: Readonly<Record<ReplyStyle, ReplyFormat>> = {
  simple,
  structured: chunked(STRUCTURED_REPLY_SIZE, writeStructuredReply),
  extended: chunked(EXTENDED_REPLY_SIZE, writeExtendedReply),
}
