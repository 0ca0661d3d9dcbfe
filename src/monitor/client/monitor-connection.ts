/** How a monitor is connected to. */
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import type { QmpEvent } from './qmp-event.ts'

export type MonitorConnection = {
  readonly credentials?: TlsCredentials | undefined
  /** The name that the certificate of the monitor has to bear. */
  readonly hostname?: string | undefined
  /** To connect, for the handshake, and for the greeting, each in milliseconds. */
  readonly timeout: number
  readonly onEvent?: (event: QmpEvent) => void
}
