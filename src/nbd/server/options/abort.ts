/** NBD_OPT_ABORT: the client has seen enough. */
import { NBD_OPT, NBD_REP } from '../../protocol/constants.ts'
import type { OptionHandler } from './option-handler.ts'

export const abort: OptionHandler = {
  option: NBD_OPT.ABORT,
  isServedInClear: true,
  async serve(negotiation) {
    await negotiation.reply(NBD_OPT.ABORT, NBD_REP.ACK)
    return 'end'
  },
}
