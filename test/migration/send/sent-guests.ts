/** Guests that are sent, and what a destination answers. */
import { randomBytes } from 'node:crypto'
import {
  type Bytes,
  bytesOf,
  EOF,
  HEADER,
  last,
  plainPage,
  RAM_END,
  ramSetup,
  start,
} from '../crafted-streams.ts'
import { readRecorded } from '../recorded-streams.ts'

export const PLAIN = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')

/** Behind the header and the configuration: QEMU_VM_COMMAND, OPEN_RETURN_PATH, no data. */
const COMMANDS_AT = 8 + 1 + 4 + PLAIN.readUInt32BE(9)
export const ANSWERED = Buffer.concat([
  PLAIN.subarray(0, COMMANDS_AT),
  Buffer.from('0800010000', 'hex'),
  PLAIN.subarray(COMMANDS_AT),
])

/** MIG_RP_MSG_SHUT: number of the message, length, status. */
export const SHUT = (status: number) =>
  Buffer.from(`00010004${status.toString(16).padStart(8, '0')}`, 'hex')

export const GENEROUS = 240_000

/** A guest that no buffer of a connection holds: pages of random bytes. */
export const LARGE = (commands: Bytes) => {
  const pages = Array.from({ length: 2048 }, (_, at) =>
    plainPage(at * 4096, randomBytes(4096), at === 0 ? 'ram' : undefined),
  )
  const setup = start(2, 'ram', bytesOf(ramSetup({ ram: 2048 * 4096 }), RAM_END))
  return bytesOf(HEADER, commands, setup, last(2, bytesOf(...pages, RAM_END)), EOF)
}
