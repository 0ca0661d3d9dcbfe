/** NBD_CMD_CACHE: the client will soon read a range. */

import { PAYLOAD_LIMIT } from '../../exports/nbd-export.ts'
import { NBD_CMD, NBD_ERROR } from '../../protocol/constants.ts'
import type { CommandHandler } from './command-handler.ts'
import { readAndForget } from './read.ts'

export const cache: CommandHandler = {
  command: NBD_CMD.CACHE,
  flags: 0,
  beyondEnd: NBD_ERROR.EINVAL,
  serve(transmission, request) {
    const { offset } = request
    // The command is advice. A client that asks for a whole disk must not keep the threads busy, and not
    // after it has left either.
    const length = Math.min(request.length, PAYLOAD_LIMIT)
    transmission.answerAfter(request, readAndForget(transmission, { offset, length }))
  },
}
