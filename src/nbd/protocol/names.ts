/** What messages call the numbers of the protocol; an unknown number is shown as it is. */
import {
  NBD_CMD,
  NBD_ERROR,
  NBD_OPT,
  NBD_REP,
  NBD_REPLY_TYPE,
  NBD_TRANSMISSION_FLAG,
} from './constants.ts'

type Table = Readonly<Record<string, number>>

function namesOf(table: Table, prefix: string, what: string): (number: number) => string {
  const names = new Map(Object.entries(table).map(([name, number]) => [number, prefix + name]))
  return (number) => names.get(number) ?? `unknown ${what} 0x${number.toString(16)}`
}

/** `NBD_OPT_STARTTLS`, or `unknown option 0x63`. */
export const optionName = namesOf(NBD_OPT, 'NBD_OPT_', 'option')
/** `NBD_REP_ERR_POLICY`, or `unknown reply 0x80000063`. */
export const replyName = namesOf(NBD_REP, 'NBD_REP_', 'reply')
/** `NBD_CMD_READ`, or `unknown command 0x63`. */
export const commandName = namesOf(NBD_CMD, 'NBD_CMD_', 'command')
/** `NBD_REPLY_TYPE_OFFSET_DATA`, or `unknown chunk 0x63`. */
export const chunkName = namesOf(NBD_REPLY_TYPE, 'NBD_REPLY_TYPE_', 'chunk')
/** `ENOSPC`, or `unknown error 0x63`. */
export const errorName = namesOf(NBD_ERROR, '', 'error')

/** The names of the transmission flags that are set: `SEND_FLUSH`, `SEND_FUA`... */
export function transmissionFlagNames(flags: number): readonly string[] {
  const names = Object.entries(NBD_TRANSMISSION_FLAG)
  return names.filter(([, bit]) => flags & bit).map(([name]) => name)
}
