/** Which requests are served at all. Protocol, sections "Request types" and "Error values". */

import type { NegotiatedExport } from '../../exports/agreement.ts'
import { NBD_CMD, NBD_CMD_FLAG, NBD_ERROR } from '../../protocol/constants.ts'
import type { Request } from '../../protocol/requests.ts'
import type { CommandHandler } from './command-handler.ts'

/** The error that a request gets; 0 where it is served. */
export function checkRequest(
  handler: CommandHandler | undefined,
  request: Request,
  negotiated: NegotiatedExport,
): number {
  if (!handler || request.flags & ~allowedFlags(handler.flags, request, negotiated)) {
    return NBD_ERROR.EINVAL
  }
  if (handler.isWrite && negotiated.served.isReadOnly) return NBD_ERROR.EPERM
  if (handler.beyondEnd === undefined) return 0
  const { offset, length } = request
  // Numbers above 2^53 are not exact, but beyond every end all the same.
  if (offset + claimedLength(request) > negotiated.served.storage.size) return handler.beyondEnd
  return length > (handler.dataLimit ?? Number.POSITIVE_INFINITY) ? NBD_ERROR.EINVAL : 0
}

/** With a payload, the length is that of the payload; what it is about stands in there. */
function claimedLength({ command, flags, length }: Request): number {
  const isFilter = command === NBD_CMD.BLOCK_STATUS && (flags & NBD_CMD_FLAG.PAYLOAD_LEN) !== 0
  return isFilter ? 0 : length
}

/** FUA may stand with every command; it means something where data is written. */
function allowedFlags(flags: number, { command }: Request, { style }: NegotiatedExport): number {
  const ofStyle = style === 'simple' ? flags & ~NBD_CMD_FLAG.DF : flags
  const hasPayload = command === NBD_CMD.WRITE || command === NBD_CMD.BLOCK_STATUS
  const ofPayload = style === 'extended' && hasPayload ? NBD_CMD_FLAG.PAYLOAD_LEN : 0
  return ofStyle | NBD_CMD_FLAG.FUA | ofPayload
}
