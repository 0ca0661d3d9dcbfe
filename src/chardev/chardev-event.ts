/** What happens to chardevs, for logs. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { ConnectionEvent } from '../endpoint/connection-event.ts'
import type { TlsFacts } from '../tls/credentials/tls-session.ts'

type LinkEvent =
  | {
      /** The other side of a link is there; bytes go on from now. */
      readonly event: 'reached'
      readonly place: string
      readonly tls?: TlsFacts | undefined
    }
  | {
      /** How much was carried when a session is over. */
      readonly event: 'carried'
      /** Bytes that were written to the chardev. */
      readonly sent: number
      /** Bytes that were read from it. */
      readonly received: number
    }
  | {
      /** A new attempt to connect follows. */
      readonly event: 'retrying'
      readonly seconds: number
      readonly diagnostics: readonly Diagnostic[]
    }
  | {
      /** Something that does not end the chardev. */
      readonly event: 'noticed'
      readonly diagnostics: readonly Diagnostic[]
    }

export type ChardevEvent = (ConnectionEvent | LinkEvent) & { readonly chardev: string }

export type TellChardev = (event: ChardevEvent) => void
