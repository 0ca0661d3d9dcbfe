/** NBD's NBD_OPT_STARTTLS: the protocol, section "TLS support". */

import { NBD_FLAG, NBD_OPT, NBD_REP, REPLY_ERROR_BIT } from '../../nbd/protocol/constants.ts'
import { decodeGreeting, encodeClientFlags, GREETING_SIZE } from '../../nbd/protocol/greeting.ts'
import { optionName, replyName } from '../../nbd/protocol/names.ts'
import {
  decodeOptionReplyHeader,
  encodeOption,
  OPTION_REPLY_HEADER_SIZE,
} from '../../nbd/protocol/option-header.ts'
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { clearText, printableReply, READY, refused, type Upgrade } from './upgrade.ts'

/** No reply is longer: a name, a description and their lengths. */
const REPLY_LIMIT = 0x4000

const REPLIES_LIMIT = 1024

/** Of the exports that are listed, so many are asked for. */
const ASKED_LIMIT = 32

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
    const listed = await list(exchange)
    if (!listed) return clearText('unknown', `it lists more than ${REPLIES_LIMIT - 1} exports`)
    const said = `NBD_OPT_LIST: ${listed.said}`
    // A name that no export has: some servers say that TLS is missing before they say what is there.
    const names = listed.names.length > 0 ? listed.names : [Buffer.from('cryptopolicy-audit')]
    for (const name of names.slice(0, ASKED_LIMIT)) {
      const { type } = await sendOption(exchange, NBD_OPT.INFO, infoOf(name))
      if (type === NBD_REP.ERR_TLS_REQD) continue
      return clearText('accepted', `${said}; NBD_OPT_INFO: ${replyName(type)}`)
    }
    // TLS may be for these exports alone, and others need not be listed: section "SELECTIVETLS mode".
    if (listed.type === NBD_REP.ERR_TLS_REQD) return clearText('refused', said)
    return clearText('unknown', `${said}; NBD_OPT_INFO: ${replyName(NBD_REP.ERR_TLS_REQD)}`)
  },
}

type Listed = {
  /** Of the last reply. */
  readonly type: number
  readonly names: readonly Buffer[]
  readonly said: string
}

/** The exports that the server lists; undefined where it does not come to an end. */
async function list(exchange: ClearExchange): Promise<Listed | undefined> {
  await exchange.write(encodeOption(NBD_OPT.LIST))
  const replies = await readReplies(exchange, NBD_OPT.LIST)
  const type = replies.at(-1)?.type ?? 0
  if (!isLast(type)) return undefined
  if (type !== NBD_REP.ACK) return { type, names: [], said: replyName(type) }
  const names = replies.slice(0, -1).map(({ data }) => nameOf(data))
  return { type, names, said: `it lists ${names.length} exports` }
}

/** Whether the server negotiates at all. */
async function greet(exchange: ClearExchange): Promise<boolean> {
  const { isOldStyle, flags } = decodeGreeting(Buffer.from(await exchange.read(GREETING_SIZE)))
  if (isOldStyle) return false
  if ((flags & NBD_FLAG.FIXED_NEWSTYLE) === 0) return false
  await exchange.write(encodeClientFlags(flags & (NBD_FLAG.FIXED_NEWSTYLE | NBD_FLAG.NO_ZEROES)))
  return true
}

type Reply = { readonly type: number; readonly data: Buffer }

/** The last reply to an option. */
type LastReply = { readonly type: number; readonly text: string }

async function sendOption(
  exchange: ClearExchange,
  option: number,
  data?: Buffer,
): Promise<LastReply> {
  await exchange.write(encodeOption(option, data))
  const reply = (await readReplies(exchange, option)).at(-1)
  if (reply && isLast(reply.type)) {
    return { type: reply.type, text: printableReply(reply.data.toString('utf8')) }
  }
  return refuse(`more than ${REPLIES_LIMIT} replies to ${optionName(option)}`)
}

/** The replies to an option up to the last one, or up to as many as are read. */
async function readReplies(exchange: ClearExchange, option: number): Promise<readonly Reply[]> {
  const replies: Reply[] = []
  while (replies.length < REPLIES_LIMIT) {
    const header = decodeOptionReplyHeader(await exchange.read(OPTION_REPLY_HEADER_SIZE))
    if (header.option !== option) refuse(`a reply to ${optionName(header.option)}`)
    if (header.length > REPLY_LIMIT) refuse(`a reply of ${header.length} bytes`)
    replies.push({ type: header.type, data: await exchange.read(header.length) })
    if (isLast(header.type)) return replies
  }
  return replies
}

function isLast(type: number): boolean {
  return type === NBD_REP.ACK || type >= REPLY_ERROR_BIT
}

/** Of NBD_REP_SERVER: the length of a name, the name, and what the server says of it. */
function nameOf(data: Buffer): Buffer {
  const reader = new ByteReader(data, 'an export of a list')
  return reader.readBytes(reader.readUint32())
}

/** NBD_OPT_INFO of an export, with nothing that the client wishes to know. */
function infoOf(name: Buffer): Buffer {
  return new ByteWriter().uint32(name.length).bytes(name).uint16(0).finish()
}
