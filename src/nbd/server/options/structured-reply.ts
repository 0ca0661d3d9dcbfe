/** NBD_OPT_STRUCTURED_REPLY: replies in chunks. */
import { NBD_OPT, NBD_REP } from '../../protocol/constants.ts'
import { decodeNoData } from '../../protocol/option-data.ts'
import type { OptionHandler } from './option-handler.ts'

export const structuredReply: OptionHandler = {
  option: NBD_OPT.STRUCTURED_REPLY,
  async serve(negotiation, data) {
    const { option } = structuredReply
    decodeNoData(option, data)
    const { style } = negotiation.agreement
    if (style === 'extended') {
      const text = 'extended headers are agreed already, which include structured replies'
      return negotiation.replyError(option, NBD_REP.ERR_EXT_HEADER_REQD, text)
    }
    if (style === 'structured') {
      return negotiation.replyError(
        option,
        NBD_REP.ERR_INVALID,
        'structured replies are agreed already',
      )
    }
    negotiation.agreement.style = 'structured'
    return negotiation.reply(option, NBD_REP.ACK)
  },
}
