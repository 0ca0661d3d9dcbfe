/** NBD_OPT_INFO tells about an export, NBD_OPT_GO begins to serve it as well. */

import { BLOCK_SIZES, type NbdExport } from '../../exports/nbd-export.ts'
import { NBD_INFO, NBD_OPT, NBD_REP } from '../../protocol/constants.ts'
import { decodeInfoOption } from '../../protocol/option-data.ts'
import { encodeInformation, type Information } from '../../protocol/option-replies.ts'
import type { OptionContext } from './option-context.ts'
import type { OptionHandler } from './option-handler.ts'

export const info: OptionHandler = {
  option: NBD_OPT.INFO,
  async serve(negotiation, data) {
    await tell(negotiation, NBD_OPT.INFO, data)
    return 'more'
  },
}

export const go: OptionHandler = {
  option: NBD_OPT.GO,
  async serve(negotiation, data) {
    const serve = await tell(negotiation, NBD_OPT.GO, data)
    return serve ? { serve } : 'more'
  },
}

async function tell(
  negotiation: OptionContext,
  option: number,
  data: Buffer,
): Promise<NbdExport | undefined> {
  const { name, information } = decodeInfoOption(data)
  const found = negotiation.findExport(name)
  if (!found) {
    await refuseUnknownExport(negotiation, option, name)
    return undefined
  }
  for (const fact of factsOf(negotiation, found, new Set(information))) {
    await negotiation.reply(option, NBD_REP.INFO, encodeInformation(fact))
  }
  await negotiation.reply(option, NBD_REP.ACK)
  return found
}

/** The size always; block sizes too, because clients that do not ask keep to them all the same. */
function factsOf(
  negotiation: OptionContext,
  found: NbdExport,
  asked: ReadonlySet<number>,
): readonly Information[] {
  const { name, description, storage } = found
  const facts: readonly Information[] = [
    { type: NBD_INFO.NAME, name },
    { type: NBD_INFO.DESCRIPTION, description: description ?? '' },
  ]
  return [
    ...facts.filter(({ type }) => asked.has(Number(type))),
    { type: NBD_INFO.EXPORT, size: storage.size, flags: negotiation.flagsOf(found) },
    { type: NBD_INFO.BLOCK_SIZE, sizes: BLOCK_SIZES },
  ]
}

/** For other options that name an export as well. */
export function refuseUnknownExport(
  negotiation: OptionContext,
  option: number,
  name: string,
): Promise<'more'> {
  return negotiation.replyError(option, NBD_REP.ERR_UNKNOWN, describeUnknownExport(name))
}

export function describeUnknownExport(name: string): string {
  return name === '' ? 'there is no default export' : `there is no export '${name}'`
}
