/** New certificates, keys and policies are taken up when their files change, and on SIGHUP. */
import type { ReloadReport } from '../tls/objects/reload-report.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import { notifyReloading, notifyServiceManager } from './service-manager.ts'

export class ReloadWatch {
  readonly #objects: TlsObjects
  readonly #tell: (report: ReloadReport) => void
  readonly #configure: () => Promise<void>
  /** Signals that come while a reload is under way are one more reload after it. */
  #isReloading = false
  #isAskedAgain = false
  #isEnding = false

  /** @param configure Reads the configuration of the service again before the objects; never throws. */
  constructor(
    objects: TlsObjects,
    tell: (report: ReloadReport) => void,
    configure = async () => {},
  ) {
    this.#objects = objects
    this.#tell = tell
    this.#configure = configure
    objects.watch(tell)
    process.on('SIGHUP', this.#onSignal)
  }

  /** The service ends: SIGHUP does nothing from now on, since nothing may be started any more. */
  end(): void {
    this.#isEnding = true
  }

  close(): void {
    this.end()
    process.off('SIGHUP', this.#onSignal)
    this.#objects.close()
  }

  readonly #onSignal = (): void => {
    this.#isAskedAgain = true
    if (!this.#isReloading && !this.#isEnding) void this.#reload()
  }

  async #reload(): Promise<void> {
    this.#isReloading = true
    notifyReloading()
    while (this.#isAskedAgain && !this.#isEnding) {
      this.#isAskedAgain = false
      await this.#configure()
      this.#tell(this.#objects.reload())
    }
    this.#isReloading = false
    if (!this.#isEnding) notifyServiceManager('READY=1')
  }
}
