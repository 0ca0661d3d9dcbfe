/** What hostile NBD servers do to clients, by name. */
import { encodeBlockStatus, encodeErrorChunk, encodeHole } from '../../src/nbd/protocol/chunks.ts'
import {
  NBD_CMD,
  NBD_INFO,
  NBD_OPT,
  NBD_REP,
  NBD_REPLY_TYPE,
} from '../../src/nbd/protocol/constants.ts'
import { encodeOptionReply } from '../../src/nbd/protocol/option-header.ts'
import {
  encodeErrorText,
  encodeInformation,
  encodeListedExport,
} from '../../src/nbd/protocol/option-replies.ts'
import { STRUCTURED_REPLY_SIZE } from '../../src/nbd/protocol/replies.ts'
import type { Request } from '../../src/nbd/protocol/requests.ts'
import {
  ASKING,
  type Conduct,
  chunk,
  dataChunk,
  dribbling,
  ESCAPES,
  endlessChunks,
  endlessReply,
  honestReply,
  ofSize,
  pourForever,
  resetAfter,
  scripted,
} from './hostile-conduct.ts'
import { type Script, SIZE } from './hostile-server.ts'

const { OFFSET_DATA, OFFSET_HOLE, BLOCK_STATUS, ERROR } = NBD_REPLY_TYPE

const sizes = (minimum: number, preferred: number, maximum: number): Buffer => {
  const bytes = Buffer.alloc(14)
  bytes.writeUInt16BE(NBD_INFO.BLOCK_SIZE)
  for (const [index, size] of [minimum, preferred, maximum].entries()) {
    bytes.writeUInt32BE(size, 2 + 4 * index)
  }
  return bytes
}

const refusal = (type: number): Conduct =>
  scripted({ onOption: (option) => encodeOptionReply(option, type, encodeErrorText(ESCAPES)) })

const listed = encodeListedExport({ name: 'a\u202eb', description: 'c' })
const escaped = Buffer.concat([Buffer.alloc(4), Buffer.from(ESCAPES, 'latin1')])
escaped.writeUInt32BE(escaped.length - 4)

const huge = (option: number): Buffer => {
  const header = encodeOptionReply(option, NBD_REP.INFO)
  header.writeUInt32BE(0xffff_ffff, 16)
  return header
}

const hugeChunk = (type: number) => (request: Request) => {
  const header = chunk(request, type, Buffer.alloc(0))
  header.writeUInt32BE(0xffff_ffff, STRUCTURED_REPLY_SIZE - 4)
  return header
}

const manyExtents = (request: Request): Buffer => {
  const extents = Array.from({ length: 0x2_0000 }, (_, index) => ({ length: 1, status: index % 4 }))
  return chunk(request, BLOCK_STATUS, encodeBlockStatus({ contextId: 7, extents }))
}

const onMap = (answer: (request: Request) => Buffer | undefined): Script => ({
  onRequest: (request) =>
    request.command === NBD_CMD.BLOCK_STATUS ? answer(request) : honestReply(request),
})

function lists(data: Buffer): Conduct {
  const onOption = (option: number) =>
    option === NBD_OPT.LIST
      ? Buffer.concat([
          encodeOptionReply(option, NBD_REP.SERVER, data),
          encodeOptionReply(option, NBD_REP.ACK),
        ])
      : undefined
  return scripted({ onOption })
}

export const CONDUCTS: Readonly<Record<string, Conduct>> = {
  honest: scripted({}),
  'silence at once': () => {},
  'silence behind the greeting': (socket) => {
    socket.write(Buffer.from('NBDMAGICIHAVEOPT\0\x03', 'latin1'))
  },
  'silence to options': scripted({ onOption: () => Buffer.alloc(0) }),
  'silence to requests': scripted({ onRequest: () => undefined }),
  'silence to maps': scripted(onMap(() => undefined)),
  'endless zeroes': (socket) => pourForever(socket, Buffer.alloc(65_536)),
  'endless lists': endlessReply([NBD_OPT.LIST], NBD_REP.SERVER, listed),
  'endless information': endlessReply(ASKING, NBD_REP.INFO, Buffer.from('00ff', 'hex')),
  'endless empty information': endlessReply(ASKING, NBD_REP.INFO, Buffer.alloc(2)),
  'endless names of an export': endlessReply(
    ASKING,
    NBD_REP.INFO,
    Buffer.from('0001616263', 'hex'),
  ),
  'an option reply of 4 GiB': scripted({ onOption: huge }),
  'a refusal with escapes': refusal(NBD_REP.ERR_UNKNOWN),
  'a policy with escapes': refusal(NBD_REP.ERR_POLICY),
  'lists with escapes': lists(encodeListedExport({ name: ESCAPES, description: ESCAPES })),
  'lists with escapes that are no UTF-8': lists(escaped),
  'names and descriptions with escapes': ofSize(
    SIZE,
    encodeInformation({ type: NBD_INFO.NAME, name: ESCAPES }),
    encodeInformation({ type: NBD_INFO.DESCRIPTION, description: ESCAPES }),
  ),
  'no bytes': ofSize(0),
  'half a block': ofSize(SIZE - 1, sizes(512, 4096, 65_536)),
  '2^53 bytes': ofSize(2n ** 53n),
  '2^63-1 bytes': ofSize(2n ** 63n - 1n),
  '2^64-1 bytes': ofSize(2n ** 64n - 1n),
  'blocks of 0 bytes': ofSize(SIZE, sizes(0, 0, 0)),
  'blocks of 2^31 bytes': ofSize(SIZE, sizes(0x8000_0000, 0x8000_0000, 0x8000_0000)),
  'blocks of 4 GiB less 1': ofSize(SIZE, sizes(1, 4096, 0xffff_fffe)),
  'blocks of 1 byte at most': ofSize(SIZE, sizes(1, 1, 1)),
  'one byte at a time': dribbling({}),
  'reads of one byte': scripted({
    onRequest: (request) =>
      request.command === NBD_CMD.READ
        ? Buffer.concat(
            Array.from({ length: Math.min(request.length, 65_536) }, (_, at) =>
              dataChunk(request, at, 1, at === request.length - 1 ? 1 : 0),
            ),
          )
        : honestReply(request),
  }),
  'a data chunk of 4 GiB': scripted({ onRequest: hugeChunk(OFFSET_DATA) }),
  'an error of 4 GiB': scripted({ onRequest: hugeChunk(ERROR) }),
  'a map of 4 GiB': scripted(onMap(hugeChunk(BLOCK_STATUS))),
  'maps of 131,072 bytes in as many runs': scripted(onMap(manyExtents)),
  'maps of one byte': scripted(
    onMap((request) => {
      const extents = [{ length: 1, status: request.offset % 4 }]
      return chunk(request, BLOCK_STATUS, encodeBlockStatus({ contextId: 7, extents }))
    }),
  ),
  'maps of nothing': scripted(
    onMap((request) => {
      const extents = [{ length: 0, status: 0 }]
      return chunk(request, BLOCK_STATUS, encodeBlockStatus({ contextId: 7, extents }))
    }),
  ),
  'endless maps': endlessChunks(NBD_CMD.BLOCK_STATUS, (request) => {
    const extents = [{ length: 1, status: 0 }]
    return chunk(request, BLOCK_STATUS, encodeBlockStatus({ contextId: 7, extents }), 0)
  }),
  'endless errors': endlessChunks(NBD_CMD.READ, (request) =>
    chunk(request, ERROR, encodeErrorChunk({ error: 5, message: ESCAPES }), 0),
  ),
  'endless holes': endlessChunks(NBD_CMD.READ, (request) =>
    chunk(request, OFFSET_HOLE, encodeHole({ offset: request.offset, length: 1 }), 0),
  ),
  'endless chunks without data': endlessChunks(NBD_CMD.READ, (request) =>
    dataChunk(request, 0, 0, 0),
  ),
  'errors with escapes': scripted({
    onRequest: (request) => chunk(request, ERROR, encodeErrorChunk({ error: 5, message: ESCAPES })),
  }),
  'reset at once': (socket) => void socket.resetAndDestroy(),
  'reset in the negotiation': resetAfter(3),
  'reset in the transmission': resetAfter(9),
}
