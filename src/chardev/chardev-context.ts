/** What all chardevs of a process have from their surroundings. */
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import type { TellChardev } from './chardev-event.ts'
import type { TerminalRules } from './end/escape-watch.ts'

export type ChardevContext = {
  /** To connect and to shake hands, in seconds; 0 for no limit. */
  readonly handshakeLimit: number
  /** Clients of one socket that listens, at the same time; others wait. */
  readonly clientLimit: number
  /** Permissions of Unix sockets. */
  readonly socketMode: number
  readonly tell: TellChardev
  readonly objects: TlsObjects
  /** Of the terminal that `stdio` is. */
  readonly terminal?: TerminalRules | undefined
}
