/** NBD_OPT_LIST: the names of all exports. */
import { NBD_OPT, NBD_REP } from '../../protocol/constants.ts'
import { decodeNoData } from '../../protocol/option-data.ts'
import { encodeListedExport } from '../../protocol/option-replies.ts'
import type { OptionHandler } from './option-handler.ts'

export const list: OptionHandler = {
  option: NBD_OPT.LIST,
  async serve(negotiation, data) {
    decodeNoData(NBD_OPT.LIST, data)
    for (const { name, description = '' } of negotiation.offer.exports.list) {
      const listed = encodeListedExport({ name, description })
      await negotiation.reply(NBD_OPT.LIST, NBD_REP.SERVER, listed)
    }
    return negotiation.reply(NBD_OPT.LIST, NBD_REP.ACK)
  },
}
