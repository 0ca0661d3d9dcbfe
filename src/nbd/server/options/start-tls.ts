/** NBD_OPT_STARTTLS: from here on, everything is said within TLS. */

import { nothingAgreed } from '../../exports/agreement.ts'
import { NBD_OPT, NBD_REP } from '../../protocol/constants.ts'
import { decodeNoData } from '../../protocol/option-data.ts'
import type { OptionContext } from './option-context.ts'
import type { OptionHandler } from './option-handler.ts'

export const startTls: OptionHandler = {
  option: NBD_OPT.STARTTLS,
  isServedInClear: true,
  async serve(negotiation, data) {
    const { option } = startTls
    decodeNoData(option, data)
    if (negotiation.session) {
      return negotiation.replyError(option, NBD_REP.ERR_INVALID, 'TLS has begun already')
    }
    if (negotiation.offer.tlsMode === 'off') {
      const text = 'this NBD server has no TLS; connect without TLS credentials'
      return negotiation.replyError(option, NBD_REP.ERR_POLICY, text)
    }
    await forgetClearText(negotiation)
    await negotiation.reply(option, NBD_REP.ACK)
    await secure(negotiation)
    return 'more'
  },
}

/**
 * In clear text an attacker on the way may speak as the client. So what has arrived already is
 * thrown away, and what was agreed is forgotten (CVE-2021-3716). A client waits for the
 * answer before it begins with TLS, so nothing of that is lost.
 */
async function forgetClearText(negotiation: OptionContext): Promise<void> {
  await negotiation.channel.discard()
  negotiation.agreement = nothingAgreed()
}

async function secure(negotiation: OptionContext): Promise<void> {
  const { channel, offer } = negotiation
  negotiation.session = await channel.replace((connection) => offer.secure(connection))
}
