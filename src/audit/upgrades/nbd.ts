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
import {
  type ClearText,
  clearText,
  printableReply,
  READY,
  refused,
  type Upgrade,
} from './upgrade.ts'

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
  refusesByEnding: true,
  firstRequest: Buffer.concat([encodeOption(NBD_OPT.LIST), encodeOption(NBD_OPT.ABORT)]),
  tryClearText: async (exchange) => {
    const isNewStyle = await greet(exchange)
    if (!isNewStyle) return clearText('accepted', 'the old style begins at once, without TLS')
    const listed = await list(exchange)
    if (!listed) return clearText('unknown', `it lists more than ${REPLIES_LIMIT - 1} exports`)
    const said = `NBD_OPT_LIST: ${listed.said}`
    // A name that no export has: some servers say that TLS is missing before they say what is there.
    const names = listed.names.length > 0 ? listed.names : [Buffer.from('cryptopolicy-audit')]
    const type = await askExports(exchange, names.slice(0, ASKED_LIMIT))
    const both = `${said}; NBD_OPT_INFO: ${replyName(type)}`
    if (type === NBD_REP.ACK) return clearText('accepted', both)
    if (type !== NBD_REP.ERR_TLS_REQD) return askForTls(exchange, both)
    // TLS may be for these exports alone, and others need not be listed: section "SELECTIVETLS mode".
    return listed.type === type ? clearText('refused', said) : clearText('unknown', both)
  },
}

/** The best answer for a client without TLS: an acknowledgement, or what does not speak of TLS, or that it is missing. */
async function askExports(exchange: ClearExchange, names: readonly Buffer[]): Promise<number> {
  let best: number = NBD_REP.ERR_TLS_REQD
  for (const name of names) {
    const { type } = await sendOption(exchange, NBD_OPT.INFO, infoOf(name))
    if (type === NBD_REP.ACK) return type
    if (best === NBD_REP.ERR_TLS_REQD) best = type
  }
  return best
}

/** How a server that has no TLS answers a client that asks for it: section "NOTLS mode". */
const WITHOUT_TLS: readonly number[] = [NBD_REP.ERR_UNSUP, NBD_REP.ERR_POLICY]

/** An export may be unknown, or kept from this client. Whom a server without TLS serves, it serves in clear. */
async function askForTls(exchange: ClearExchange, said: string): Promise<ClearText> {
  const { type } = await sendOption(exchange, NBD_OPT.STARTTLS)
  const kind = WITHOUT_TLS.includes(type) ? 'accepted' : 'unknown'
  return clearText(kind, `${said}; NBD_OPT_STARTTLS: ${replyName(type)}`)
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
