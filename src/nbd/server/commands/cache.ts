/** NBD_CMD_CACHE: the client will soon read a range. */
import { NBD_CMD, NBD_ERROR } from '../../protocol/constants.ts'
import type { CommandHandler } from './command-handler.ts'
import { readAndForget } from './read.ts'

export const cache: CommandHandler = {
  command: NBD_CMD.CACHE,
  flags: 0,
  beyondEnd: NBD_ERROR.EINVAL,
  serve(transmission, request) {
    transmission.settle(request, readAndForget(transmission, request))
  },
}
