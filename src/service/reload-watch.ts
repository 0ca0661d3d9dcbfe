/** New certificates, keys and policies are taken up when their files change, and on SIGHUP. */
import type { ReloadReport } from '../tls/objects/reload-report.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import { notifyReloading, notifyServiceManager } from './service-manager.ts'

export class ReloadWatch {
  readonly #objects: TlsObjects
  readonly #tell: (report: ReloadReport) => void

  constructor(objects: TlsObjects, tell: (report: ReloadReport) => void) {
    this.#objects = objects
    this.#tell = tell
    objects.watch(tell)
    process.on('SIGHUP', this.#onSignal)
  }

  close(): void {
    process.off('SIGHUP', this.#onSignal)
    this.#objects.close()
  }

  readonly #onSignal = (): void => {
    notifyReloading()
    this.#tell(this.#objects.reload())
    notifyServiceManager('READY=1')
  }
}
