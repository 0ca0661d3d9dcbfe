/** NBD_CMD_WRITE_ZEROES: zeroes without sending them, holes where the client does not mind. */
import { NBD_CMD, NBD_CMD_FLAG, NBD_ERROR } from '../../protocol/constants.ts'
import type { CommandHandler } from './command-handler.ts'

export const writeZeroes: CommandHandler = {
  command: NBD_CMD.WRITE_ZEROES,
  flags: NBD_CMD_FLAG.NO_HOLE | NBD_CMD_FLAG.FAST_ZERO,
  isWrite: true,
  beyondEnd: NBD_ERROR.ENOSPC,
  serve(transmission, request) {
    const { offset, length, flags } = request
    if (length === 0) return transmission.acknowledge(request)
    const options = {
      keepAllocated: (flags & NBD_CMD_FLAG.NO_HOLE) !== 0,
      fast: (flags & NBD_CMD_FLAG.FAST_ZERO) !== 0,
      isWanted: () => !transmission.isGone,
    }
    const { storage } = transmission.negotiated.served
    transmission.answerAfter(request, storage.zero(offset, length, options))
  },
}
