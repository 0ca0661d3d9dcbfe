/** Sends one option and collects the replies to it. */

import { refuse } from '../../wire/protocol-error.ts'
import { NBD_OPT, NBD_REP, REPLY_ERROR_BIT } from '../protocol/constants.ts'
import { optionName, replyName } from '../protocol/names.ts'
import {
  decodeOptionReplyHeader,
  encodeOption,
  OPTION_REPLY_HEADER_SIZE,
} from '../protocol/option-header.ts'
import { decodeErrorText } from '../protocol/option-replies.ts'
import type { NegotiationChannel } from './negotiation-channel.ts'

/** What a server said to an option in the end. */
export type OptionOutcome =
  | { readonly accepted: true }
  | {
      readonly accepted: false
      /** NBD_REP.ERR_... */
      readonly reply: number
      /** What the server says to it. */
      readonly text: string
    }

/** No reply is longer: a name, a description and their lengths. */
const REPLY_LIMIT = 0x4000

/** All replies to one option. A server that lists on and on would fill the memory. */
const REPLIES_LIMIT = 0x200_0000

/**
 * @param expected The type of reply that may come before the last one.
 * @param take What to do with the data of each of these.
 */
export async function sendOption(
  channel: NegotiationChannel,
  option: number,
  data?: Buffer,
  expected?: number,
  take: (data: Buffer) => void = () => {},
): Promise<OptionOutcome> {
  await channel.write(encodeOption(option, data))
  for (let total = 0; total < REPLIES_LIMIT; ) {
    const reply = await readReply(channel, option)
    total += OPTION_REPLY_HEADER_SIZE + reply.data.length
    if (reply.type === NBD_REP.ACK) return acknowledge(option, reply.data)
    if (isError(reply.type)) {
      return { accepted: false, reply: reply.type, text: decodeErrorText(reply.data) }
    }
    if (reply.type !== expected) refuse(`${replyName(reply.type)} to ${optionName(option)}`)
    take(reply.data)
  }
  refuse(`more than ${REPLIES_LIMIT} bytes of replies to ${optionName(option)}`)
}

function acknowledge(option: number, data: Buffer): OptionOutcome {
  if (data.length > 0) refuse(`NBD_REP_ACK with data to ${optionName(option)}`)
  return { accepted: true }
}

async function readReply(
  channel: NegotiationChannel,
  option: number,
): Promise<{ readonly type: number; readonly data: Buffer }> {
  const header = decodeOptionReplyHeader(await channel.read(OPTION_REPLY_HEADER_SIZE))
  if (header.option !== option) {
    refuse(`a reply to ${optionName(header.option)} where ${optionName(option)} was asked`)
  }
  if (header.length > REPLY_LIMIT)
    refuse(`a reply of ${header.length} bytes to ${optionName(option)}`)
  return { type: header.type, data: await channel.read(header.length) }
}

function isError(type: number): boolean {
  return type >= REPLY_ERROR_BIT
}

/** Ends the negotiation as the protocol has it, without waiting for the answer. */
export function abortNegotiation(channel: NegotiationChannel): void {
  const { stream } = channel
  if (!stream.destroyed && stream.writable) {
    stream.on('error', () => {})
    stream.end(encodeOption(NBD_OPT.ABORT), () => channel.destroy())
  } else channel.destroy()
}
