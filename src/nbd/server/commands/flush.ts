/** NBD_CMD_FLUSH: every write that was acknowledged, on any connection, is on disk. */
import { NBD_CMD } from '../../protocol/constants.ts'
import type { CommandHandler } from './command-handler.ts'

export const flush: CommandHandler = {
  command: NBD_CMD.FLUSH,
  flags: 0,
  serve(transmission, request) {
    transmission.answerAfter(request, transmission.negotiated.served.storage.flush())
  },
}
