/** A stored guest that goes: to where, and how far it is. */
import { Completions } from '../../endpoint/completions.ts'
import type { MigrationUri } from '../../migration/address/migration-uri.ts'
import { Bandwidth } from '../../migration/send/bandwidth.ts'
import { sendMigration } from '../../migration/send/send.ts'
import type { SendProgress } from '../../migration/send/send-progress.ts'
import { readStoredMigration } from '../../migration/send/stored-migration.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import { hasEnded, type MigrationStatus, messageOf } from './migration-status.ts'
import { MigrationTimes } from './migration-times.ts'

export type OutgoingOptions = {
  /** Where the guest is stored. */
  readonly path: string
  readonly to: MigrationUri
  /** Looked up when the sending begins. @throws DiagnosticError */
  readonly credentials: () => TlsCredentials | undefined
  /** The name that the certificate of the destination has to bear. */
  readonly hostname: string | undefined
  /** Bytes a second; 0 for no limit. */
  readonly bandwidth: number
  readonly onStatus: (status: MigrationStatus, error?: unknown) => void
}

/** To connect, and for the answer at the end, in milliseconds. */
const TIMEOUT = 30_000

export class OutgoingMigration {
  readonly kind = 'sent'
  readonly over: Promise<void>
  readonly times = new MigrationTimes()
  readonly #options: OutgoingOptions
  readonly #cancel = new AbortController()
  readonly #bandwidth: Bandwidth
  status: MigrationStatus = 'setup'
  error: string | undefined
  /** In bytes. */
  total = 0
  sent = 0

  constructor(options: OutgoingOptions) {
    this.#options = options
    this.#bandwidth = new Bandwidth(options.bandwidth || Number.POSITIVE_INFINITY)
    this.over = this.#run()
    new Completions(() => {}).own(this.over)
  }

  get isOver(): boolean {
    return hasEnded(this.status)
  }

  /** Ends it, unless the destination has the guest. */
  cancel(): void {
    if (this.isOver) return
    this.#tell('cancelling')
    this.#cancel.abort()
  }

  async close(): Promise<void> {
    this.cancel()
    await this.over
  }

  async #run(): Promise<void> {
    // The client is told first that the command was taken.
    await new Promise((resolve) => setImmediate(resolve))
    this.#tell('setup')
    try {
      await this.#send()
      this.#end('completed')
    } catch (error) {
      this.error = messageOf(error)
      this.#end(this.#cancel.signal.aborted ? 'cancelled' : 'failed', error)
    }
  }

  async #send(): Promise<void> {
    const { path, to, hostname } = this.#options
    const { signal } = this.#cancel
    const credentials = this.#options.credentials()
    const migration = await readStoredMigration(path, { signal })
    this.total = migration.total
    const onProgress = (progress: () => SendProgress) => {
      this.sent = progress().bytes
      if (this.times.isActive) return
      this.times.activate()
      this.#tell('active')
    }
    const bandwidth = this.#bandwidth
    const options = { credentials, hostname, bandwidth, signal, onProgress, timeout: TIMEOUT }
    await sendMigration(migration, to, options)
  }

  #end(status: MigrationStatus, error?: unknown): void {
    this.times.end()
    this.#tell(status, error)
  }

  #tell(status: MigrationStatus, error?: unknown): void {
    this.status = status
    this.#options.onStatus(status, error)
  }
}
