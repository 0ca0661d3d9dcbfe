/** What an audit learnt of one server, whatever it speaks. */
import type { TlsScan } from './model.ts'
import type { SshScan } from './ssh-model.ts'
import type { ClearText } from './upgrades/upgrade.ts'

/** Where the questions went. */
type ScanTarget = {
  /** As the user wrote it. */
  readonly text: string
  /** `tls`, or the name of the protocol that upgrades to TLS. */
  readonly protocol: string
  readonly address: string
  /** What was sent as server_name; null where nothing was. */
  readonly serverName: string | null
}

export type ScanResult = {
  readonly target: ScanTarget
  /** How many connections were begun. */
  readonly connections: number
  /** Null of a server that speaks SSH. */
  readonly tls: TlsScan | null
  readonly ssh: SshScan | null
  /** What the server does with clients that do not ask for TLS; null where it was not tried. */
  readonly clearText: ClearText | null
}
