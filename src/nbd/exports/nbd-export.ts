/** What a server offers under a name, and what the protocol says of it. */
import { type BlockSizes, DEFAULT_BLOCK_SIZES } from '../protocol/block-sizes.ts'
import { NBD_TRANSMISSION_FLAG as FLAG } from '../protocol/constants.ts'
import type { Storage } from '../storage/storage.ts'

export type NbdExport = {
  /** Empty for the export that clients get who ask for none by name. */
  readonly name: string
  /** For people. */
  readonly description?: string
  readonly storage: Storage
  readonly isReadOnly: boolean
  /** Several connections may write to it at the same time. */
  readonly isShared: boolean
}

/** Any request is served, whole blocks best; a request carries 32 MiB at most. */
export const BLOCK_SIZES: BlockSizes = DEFAULT_BLOCK_SIZES

/** The most data of one request, in bytes. A client that asked for the block sizes sends no more. */
export const PAYLOAD_LIMIT = BLOCK_SIZES.maximum

/** How replies look: each style came to the protocol after the one before it. */
export type ReplyStyle = 'simple' | 'structured' | 'extended'

const ALWAYS = FLAG.HAS_FLAGS | FLAG.SEND_FLUSH | FLAG.SEND_FUA | FLAG.SEND_CACHE
const WRITABLE = FLAG.SEND_TRIM | FLAG.SEND_WRITE_ZEROES | FLAG.SEND_FAST_ZERO

/** What an export can do, for a client that has negotiated a style. */
export function transmissionFlags({ isReadOnly, isShared }: NbdExport, style: ReplyStyle): number {
  return (
    ALWAYS |
    (isReadOnly ? FLAG.READ_ONLY : WRITABLE) |
    (isShared ? FLAG.CAN_MULTI_CONN : 0) |
    (style === 'simple' ? 0 : FLAG.SEND_DF) |
    (style === 'extended' ? FLAG.BLOCK_STATUS_PAYLOAD : 0)
  )
}
