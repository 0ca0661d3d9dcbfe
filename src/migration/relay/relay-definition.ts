/** One relay as the command line or a map describes it. */
import type { MigrationUri } from '../address/migration-uri.ts'

export type RelayDefinition = {
  /** Its name in a map. */
  readonly id?: string
  readonly listen: MigrationUri
  readonly to: MigrationUri
  /** The id of credentials. */
  readonly credentials?: string | undefined
  readonly authorization?: string | undefined
  readonly hostname?: string | undefined
  /** It carries a disk by NBD, not the channels of a migration. */
  readonly isNbd: boolean
  readonly socket: SocketAccess
}

/** Who may connect to its Unix socket. */
type SocketAccess = {
  /** Permissions, such as 0o660. */
  readonly mode?: number | undefined
  /** `USER`, `USER:GROUP` or `:GROUP`, as chown(1) takes them. */
  readonly owner?: string | undefined
}
