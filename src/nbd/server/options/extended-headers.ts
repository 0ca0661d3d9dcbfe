/** NBD_OPT_EXTENDED_HEADERS: lengths of 64 bits. */
import { NBD_OPT, NBD_REP } from '../../protocol/constants.ts'
import { decodeNoData } from '../../protocol/option-data.ts'
import type { OptionHandler } from './option-handler.ts'

export const extendedHeaders: OptionHandler = {
  option: NBD_OPT.EXTENDED_HEADERS,
  async serve(negotiation, data) {
    const { option } = extendedHeaders
    decodeNoData(option, data)
    if (negotiation.agreement.style === 'extended') {
      return negotiation.replyError(
        option,
        NBD_REP.ERR_INVALID,
        'extended headers are agreed already',
      )
    }
    negotiation.agreement.style = 'extended'
    return negotiation.reply(option, NBD_REP.ACK)
  },
}
