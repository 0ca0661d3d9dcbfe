/** What `migrate receive` is told on its command line. */
import type { ObjectOptions } from './object-options.ts'
import type { LogFormat } from './service-options.ts'

export type ReceiveCommandOptions = ObjectOptions & {
  readonly listen: string
  readonly multifd: number
  readonly switchoverAck?: true
  readonly tlsCreds?: string
  readonly tlsAuthz?: string
  readonly handshakeLimit: number
  readonly idleLimit: number
  readonly pidFile?: string
  readonly log: LogFormat
}
