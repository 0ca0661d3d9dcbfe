/** The commands that the server knows, a file each. NBD_CMD_DISC ends the transmission itself. */
import { blockStatus } from './block-status.ts'
import { cache } from './cache.ts'
import type { CommandHandler } from './command-handler.ts'
import { flush } from './flush.ts'
import { read } from './read.ts'
import { trim } from './trim.ts'
import { write } from './write.ts'
import { writeZeroes } from './write-zeroes.ts'

export const COMMAND_HANDLERS: ReadonlyMap<number, CommandHandler> = new Map(
  [read, write, flush, trim, cache, writeZeroes, blockStatus].map((handler) => [
    handler.command,
    handler,
  ]),
)
