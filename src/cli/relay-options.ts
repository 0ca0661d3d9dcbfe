/** What `migrate relay` is told on its command line. */
import type { ObjectOptions } from './object-options.ts'
import type { LogFormat } from './service-options.ts'

export type RelayCommandOptions = ObjectOptions & {
  readonly listen?: string
  readonly to?: string
  readonly nbd?: true
  readonly map?: string
  readonly tlsCreds?: string
  readonly tlsAuthz?: string
  readonly tlsHostname?: string
  readonly socketMode?: number
  readonly socketOwner?: string
  readonly pidFile?: string
  readonly channels?: number
  readonly memoryLimit?: number
  readonly handshakeLimit: number
  readonly idleLimit: number
  readonly drainLimit: number
  readonly log: LogFormat
}
