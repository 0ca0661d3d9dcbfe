/** What a client and a server have agreed upon before the transmission. */
import type { ReplyStyle } from './nbd-export.ts'

/** All of it is forgotten when TLS begins. */
export type Agreement = {
  style: ReplyStyle
  /** The export for which `base:allocation` was chosen. */
  allocationFor: string | undefined
}

export function nothingAgreed(): Agreement {
  return { style: 'simple', allocationFor: undefined }
}
