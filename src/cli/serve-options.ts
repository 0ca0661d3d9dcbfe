/** What `nbd serve` is told on its command line. */
import type { TlsMode } from '../endpoint/tls-mode.ts'
import type { ExportRequest } from '../nbd/exports/export-list.ts'
import type { ObjectOptions } from './object-options.ts'
import type { QemuNbdOptions } from './qemu-nbd-options.ts'
import type { LogFormat } from './service-options.ts'

export type ServeOptions = ObjectOptions &
  QemuNbdOptions & {
    readonly offset?: number
    readonly fork?: true
    readonly port?: number
    readonly bind?: string
    readonly socket?: string
    readonly exportName: string
    readonly description?: string
    readonly readOnly?: true
    readonly shared: number
    readonly persistent?: true
    readonly pidFile?: string
    readonly memory?: number
    readonly export?: readonly ExportRequest[]
    readonly tls?: TlsMode
    readonly tlsCreds?: string
    readonly tlsAuthz?: string
    readonly tlsHostname?: string
    readonly explain?: true
    readonly handshakeLimit: number
    readonly idleLimit: number
    readonly drainLimit: number
    readonly memoryLimit: number
    readonly log: LogFormat
  }
