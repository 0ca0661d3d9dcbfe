/** What the NBD server tells beside what every endpoint tells of its connections. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { ConnectionEvent, ConnectionOrigin } from '../../endpoint/connection-event.ts'

export type NbdEvent = ConnectionOrigin &
  (
    | {
        readonly event: 'serving'
        readonly export: string
        readonly readOnly: boolean
        readonly isSecured: boolean
      }
    | { readonly event: 'failed'; readonly diagnostic: Diagnostic }
  )

export type ServerEvent = ConnectionEvent | NbdEvent
