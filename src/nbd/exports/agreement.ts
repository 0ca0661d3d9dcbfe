/** What a client and a server have agreed upon before the transmission. */
import type { NbdExport, ReplyStyle } from './nbd-export.ts'

/** All of it is forgotten when TLS begins. */
export type Agreement = {
  style: ReplyStyle
  /** The export for which `base:allocation` was chosen. */
  allocationFor: string | undefined
}

export function nothingAgreed(): Agreement {
  return { style: 'simple', allocationFor: undefined }
}

/** What the negotiation came to. */
export type NegotiatedExport = {
  readonly served: NbdExport
  readonly style: ReplyStyle
  readonly hasAllocation: boolean
}

/** What stands for `base:allocation` in block status; it is the only context. */
export const ALLOCATION_ID = 1
