/** NBD_CMD_TRIM: the client does not need the data any more. */
import { NBD_CMD, NBD_ERROR } from '../../protocol/constants.ts'
import type { CommandHandler } from './command-handler.ts'

export const trim: CommandHandler = {
  command: NBD_CMD.TRIM,
  flags: 0,
  isWrite: true,
  beyondEnd: NBD_ERROR.EINVAL,
  serve(transmission, request) {
    const { offset, length } = request
    if (length === 0) return transmission.acknowledge(request)
    transmission.answerAfter(request, transmission.negotiated.served.storage.trim(offset, length))
  },
}
