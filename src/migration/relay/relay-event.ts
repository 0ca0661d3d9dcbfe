/** What a relay tells of its channels, beside what every endpoint tells. */
import type { ConnectionEvent, ConnectionOrigin } from '../../endpoint/connection-event.ts'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'

type ChannelEvent = ConnectionOrigin &
  (
    | {
        /** The other side of a channel is there; bytes go on from now. */
        readonly event: 'reached'
        readonly to: string
        /** Where that side has TLS. */
        readonly tls?: TlsFacts
      }
    | {
        /** How much was carried; `left` or `refused` says how it ended. */
        readonly event: 'relayed'
        /** Bytes of the client that the other side took. */
        readonly sent: number
        /** Bytes of the other side. */
        readonly received: number
      }
  )

/** An event of one of the relays of a process. */
export type RelayEvent = (ConnectionEvent | ChannelEvent) & { readonly relay?: string | undefined }
