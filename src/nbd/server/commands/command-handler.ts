/** What a file of this folder declares: one command of the transmission. */

import type { Request } from '../../protocol/requests.ts'
import type { CommandContext } from './command-context.ts'

/** Takes the payload of a request, piece by piece as it arrives. */
export interface PayloadSink {
  /** @param bytes Valid until it returns: what is needed longer has to be copied. */
  receive(bytes: Buffer, isLast: boolean): void
}

export type CommandHandler = {
  /** NBD_CMD_... */
  readonly command: number
  /** NBD_CMD_FLAG_... that mean something with it. */
  readonly flags: number
  /** It changes the export. */
  readonly isWrite?: true
  /** NBD_ERROR... for what goes beyond the end of the export; none where it has no range. */
  readonly beyondEnd?: number
  /** How much data a reply may carry, in bytes, where it carries any. */
  readonly dataLimit?: number
  /** Serves a request that was admitted, and ends it by what Transmission has for that. */
  readonly serve: (transmission: CommandContext, request: Request) => void
  /** Serves a request that was admitted and has a payload. */
  readonly receive?: (transmission: CommandContext, request: Request) => PayloadSink
}
