/** NBD's NBD_OPT_STARTTLS: the protocol, section "TLS support". */

import { NBD_FLAG, NBD_OPT, NBD_REP, REPLY_ERROR_BIT } from '../../nbd/protocol/constants.ts'
import { decodeGreeting, encodeClientFlags, GREETING_SIZE } from '../../nbd/protocol/greeting.ts'
import { optionName, replyName } from '../../nbd/protocol/names.ts'
import {
  decodeOptionReplyHeader,
  encodeOption,
  OPTION_REPLY_HEADER_SIZE,
} from '../../nbd/protocol/option-header.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { clearText, printableReply, READY, refused, type Upgrade } from './upgrade.ts'

/** No reply is longer: a name, a description and their lengths. */
const REPLY_LIMIT = 0x4000

const EXPORTS_LIMIT = 1024

export const nbd: Upgrade = {
  scheme: 'nbd',
  title: 'NBD',
  port: 10809,
  begin: async (exchange) => {
    const isNewStyle = await greet(exchange)
    if (!isNewStyle) return refused('the server speaks the old style, which has no TLS')
    const { type, text } = await sendOption(exchange, NBD_OPT.STARTTLS)
    return type === NBD_REP.ACK ? READY : refused(`${replyName(type)} ${text}`)
  },
  firstRequest: Buffer.concat([encodeOption(NBD_OPT.LIST), encodeOption(NBD_OPT.ABORT)]),
  tryClearText: async (exchange) => {
    const isNewStyle = await greet(exchange)
    if (!isNewStyle) return clearText('accepted', 'the old style begins at once, without TLS')
    const listed = await sendOption(exchange, NBD_OPT.LIST)
    const list =
      listed.type === NBD_REP.ACK ? `it lists ${listed.count} exports` : replyName(listed.type)
    // A name that no export has: the server says whether TLS is missing before it says what is there.
    const asked = await sendOption(exchange, NBD_OPT.INFO, infoOf('cryptopolicy-audit'))
    const isRequired = asked.type === NBD_REP.ERR_TLS_REQD
    const isListed = listed.type === NBD_REP.ACK
    if (isRequired && !isListed) return clearText('refused', `NBD_OPT_LIST: ${list}`)
    const info = `NBD_OPT_LIST: ${list}; NBD_OPT_INFO: ${replyName(asked.type)}`
    return clearText(isRequired ? 'refused' : 'accepted', info)
  },
}

/** Whether the server negotiates at all. */
async function greet(exchange: ClearExchange): Promise<boolean> {
  const { isOldStyle, flags } = decodeGreeting(Buffer.from(await exchange.read(GREETING_SIZE)))
  if (isOldStyle) return false
  if ((flags & NBD_FLAG.FIXED_NEWSTYLE) === 0) return false
  await exchange.write(encodeClientFlags(flags & (NBD_FLAG.FIXED_NEWSTYLE | NBD_FLAG.NO_ZEROES)))
  return true
}

/** The last reply to an option. */
type LastReply = {
  readonly type: number
  readonly text: string
  /** How many replies came before it. */
  readonly count: number
}

async function sendOption(
  exchange: ClearExchange,
  option: number,
  data?: Buffer,
): Promise<LastReply> {
  await exchange.write(encodeOption(option, data))
  for (let count = 0; count < EXPORTS_LIMIT; count++) {
    const header = decodeOptionReplyHeader(await exchange.read(OPTION_REPLY_HEADER_SIZE))
    if (header.option !== option) refuse(`a reply to ${optionName(header.option)}`)
    if (header.length > REPLY_LIMIT) refuse(`a reply of ${header.length} bytes`)
    const text = (await exchange.read(header.length)).toString('utf8')
    const isLast = header.type === NBD_REP.ACK || header.type >= REPLY_ERROR_BIT
    if (isLast) return { type: header.type, text: printableReply(text), count }
  }
  return refuse(`more than ${EXPORTS_LIMIT} replies to ${optionName(option)}`)
}

/** NBD_OPT_INFO of an export, with nothing that the client wishes to know. */
function infoOf(name: string): Buffer {
  const bytes = Buffer.from(`\0\0\0\0${name}\0\0`)
  bytes.writeUInt32BE(name.length)
  return bytes
}
