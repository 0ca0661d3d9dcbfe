/** What a server tells of its connections: who came, how they were secured, why they went. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { TlsPeer } from '../../tls/objects/tls-session.ts'
import type { Ending } from './transmission.ts'

/** Where a connection comes from. */
export type ConnectionOrigin = {
  /** Counts from 1 for each server. */
  readonly connection: number
  /** `192.0.2.1:50123`, or `unix` where a socket has no address to tell. */
  readonly from: string
}

export type ServerEvent = ConnectionOrigin &
  (
    | { readonly event: 'connected' }
    | {
        readonly event: 'secured'
        readonly protocol: string
        readonly suite: string
        readonly group?: string | undefined
        readonly peer: TlsPeer
      }
    | {
        readonly event: 'serving'
        readonly export: string
        readonly readOnly: boolean
        readonly isSecured: boolean
      }
    | { readonly event: 'failed'; readonly diagnostic: Diagnostic }
    | { readonly event: 'refused'; readonly diagnostics: readonly Diagnostic[] }
    | { readonly event: 'left'; readonly ending: Ending | 'negotiation ended' }
  )
