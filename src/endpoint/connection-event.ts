/** Events of connections, the same for all endpoints: who connected, how the connection was secured, why it ended. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { TlsPeer } from '../tls/credentials/tls-session.ts'

/** Where a connection comes from. */
export type ConnectionOrigin = {
  /** Counts from 1 for each listener. */
  readonly connection: number
  /** `192.0.2.1:50123`, or `unix` where a socket has no address to tell. */
  readonly from: string
}

/** Where a connection comes from without the port, which differs for each connection. */
export function hostOf({ from }: ConnectionOrigin): string {
  return from.replace(/:\d+$/, '')
}

export type SecuredEvent = {
  readonly event: 'secured'
  readonly protocol: string
  readonly suite: string
  readonly group?: string | undefined
  readonly peer: TlsPeer
}

export type ConnectionEvent = ConnectionOrigin &
  (
    | { readonly event: 'connected' }
    | SecuredEvent
    | { readonly event: 'refused'; readonly diagnostics: readonly Diagnostic[] }
    /** How it ended, in the words of the endpoint. */
    | { readonly event: 'left'; readonly ending: string }
  )
