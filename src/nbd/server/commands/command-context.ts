/** What a command sees of the connection that its request came by, and the ways to end a request. */
import type { BufferPool } from '../../../transfer/buffer-pool.ts'
import type { Turns } from '../../../transfer/turns.ts'
import type { NegotiatedExport } from '../../exports/agreement.ts'
import type { Request } from '../../protocol/requests.ts'
import type { ReplyFormat } from '../replies/reply-format.ts'
import type { ReplySender } from '../replies/reply-sender.ts'

/** What the connections of a server share. */
export type Resources = {
  readonly pool: BufferPool
  /** Turns at searches, which cost much. */
  readonly turns: Turns
  /** How many bytes one connection may hold. */
  readonly window: () => number
  /** Told of failures of the storage that are not the client's fault. */
  readonly onStorageError: (request: Request, error: unknown) => void
}

export interface CommandContext {
  readonly negotiated: NegotiatedExport
  readonly format: ReplyFormat
  readonly resources: Resources
  readonly sender: ReplySender
  /** Whether the connection holds its share of the memory; never once it is gone. */
  readonly isFull: boolean
  /** No client is left who could take a reply. */
  readonly isGone: boolean
  /** Waits until something was freed. Others wait too: ask again whether there is room. */
  room(): Promise<void>
  /**
   * Waits until the request that asks is the only one. No other begins before that one is finished:
   * while it waits for others to end, their end lets no other in.
   */
  becomeAlone(): Promise<void>
  /** Ends the connection, because a reply that was begun cannot be ended. */
  abandon(error: unknown): void
  /** Ends a request when its work is done; with NBD_CMD_FLAG_FUA, when it is on disk. */
  answerAfter(request: Request, work: Promise<void>): void
  /** Owns work that ends its request itself; where it fails, the request gets the error. */
  own(request: Request, work: Promise<void>): void
  /** Counts memory as in use until work is done, however it ends. */
  holdWhile(size: number, work: Promise<void>): void
  /** Ends a request that has failed. */
  replyError(request: Request, error: number): void
  /** Ends a request that was served and has no data to bring. */
  acknowledge(request: Request): void
  /** Ends a request whose reply was sent. */
  finish(): void
}
