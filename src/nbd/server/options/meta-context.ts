/** NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT: which extents a client wants to hear of. */

import { ALLOCATION_ID } from '../../exports/agreement.ts'
import { BASE_ALLOCATION, NBD_OPT, NBD_REP } from '../../protocol/constants.ts'
import { decodeMetaContextOption } from '../../protocol/option-data.ts'
import { encodeMetaContext } from '../../protocol/option-replies.ts'
import { refuseUnknownExport } from './info.ts'
import type { OptionContext } from './option-context.ts'
import type { OptionHandler } from './option-handler.ts'

export const listMetaContext: OptionHandler = {
  option: NBD_OPT.LIST_META_CONTEXT,
  serve(negotiation, data) {
    const { option } = listMetaContext
    return answer(negotiation, option, data, (queries) =>
      queries.length === 0 ? true : queries.some((query) => BASE_QUERIES.has(query)),
    )
  },
}

/** A namespace alone asks for all of its contexts, in a list only. */
const BASE_QUERIES: ReadonlySet<string> = new Set(['base:', BASE_ALLOCATION])

export const setMetaContext: OptionHandler = {
  option: NBD_OPT.SET_META_CONTEXT,
  serve(negotiation, data) {
    const { option } = setMetaContext
    // Whatever comes of it, an earlier choice does not hold any more.
    negotiation.agreement.allocationFor = undefined
    return answer(negotiation, option, data, (queries, name) => {
      const isChosen = queries.includes(BASE_ALLOCATION)
      if (isChosen) negotiation.agreement.allocationFor = name
      return isChosen
    })
  },
}

async function answer(
  negotiation: OptionContext,
  option: number,
  data: Buffer,
  isMeant: (queries: readonly string[], name: string) => boolean,
): Promise<'more'> {
  const { name, queries } = decodeMetaContextOption(data)
  if (negotiation.agreement.style === 'simple') {
    const text = 'metadata contexts need structured replies, which were not agreed'
    return negotiation.replyError(option, NBD_REP.ERR_INVALID, text)
  }
  if (!negotiation.findExport(name)) return refuseUnknownExport(negotiation, option, name)
  if (isMeant(queries, name)) {
    const context = encodeMetaContext({ id: ALLOCATION_ID, name: BASE_ALLOCATION })
    await negotiation.reply(option, NBD_REP.META_CONTEXT, context)
  }
  return negotiation.reply(option, NBD_REP.ACK)
}
