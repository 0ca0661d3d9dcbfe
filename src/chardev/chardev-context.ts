/** What all chardevs of a process have from their surroundings. */
import type { Traffic } from '../endpoint/traffic.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import type { TellChardev } from './chardev-event.ts'

export type ChardevContext = {
  /** To connect and to shake hands, in seconds; 0 for no limit. */
  readonly handshakeLimit: number
  /** Clients of one socket that listens, at the same time; others wait. */
  readonly clientLimit: number
  /** Permissions of Unix sockets; as the umask has it where they are not given. */
  readonly socketMode?: number | undefined
  readonly tell: TellChardev
  /** Counts the clients of a chardev that listens, by its id. */
  readonly trafficOf?: ((id: string) => Traffic) | undefined
  readonly objects: TlsObjects
  /** Of the terminal that `stdio` is. */
  readonly terminal?: TerminalRules | undefined
}

export type TerminalRules = {
  /** The byte that ends the session; undefined for none. */
  readonly escape?: number | undefined
  readonly onEscape?: () => void
  /** The end of standard input is not told to the other side. */
  readonly isEndKept?: boolean
}
