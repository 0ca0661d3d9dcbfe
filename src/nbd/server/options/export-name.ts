/** NBD_OPT_EXPORT_NAME: the old way to begin, whose only refusal is the end of the connection. */
import { NBD_OPT } from '../../protocol/constants.ts'
import { encodeExportNameReply } from '../../protocol/greeting.ts'
import { decodeExportName } from '../../protocol/option-data.ts'
import { describeUnknownExport } from './info.ts'
import type { OptionHandler } from './option-handler.ts'

export const exportName: OptionHandler = {
  option: NBD_OPT.EXPORT_NAME,
  async serve(negotiation, data) {
    const name = decodeExportName(data)
    const serve = negotiation.findExport(name)
    if (!serve) return negotiation.refuseExportName(describeUnknownExport(name))
    const reply = { size: serve.storage.size, flags: negotiation.flagsOf(serve) }
    await negotiation.channel.write(encodeExportNameReply(reply, negotiation.sendsZeroes))
    return { serve }
  },
}
