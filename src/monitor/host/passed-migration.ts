/** A guest that is passed on as it comes: where it goes, and how far it is. */
import type { AddressInfo } from 'node:net'
import { Completions } from '../../endpoint/completions.ts'
import type { Listener } from '../../endpoint/listener.ts'
import { GuestRelay } from '../../migration/relay/guest-relay.ts'
import type { RelayEvent } from '../../migration/relay/relay-event.ts'
import type { ChannelSides } from '../../migration/relay/relay-sides.ts'
import type { AwaitedGuest } from './incoming-migration.ts'
import { hasEnded, type MigrationStatus, messageOf } from './migration-status.ts'
import { MigrationTimes } from './migration-times.ts'

export type PassedOptions = {
  /** Where it is waited for. */
  readonly awaited: AwaitedGuest
  readonly sides: ChannelSides
  readonly tell: (event: RelayEvent) => void
  readonly onStatus: (status: MigrationStatus, error?: unknown) => void
  /** Lets go of the objects of the other side. */
  readonly release: () => void
}

/** How long connections may take to close when all is over, in milliseconds. */
const DRAIN_LIMIT = 2_000

export class PassedMigration {
  readonly kind = 'passed'
  readonly over: Promise<void>
  readonly times = new MigrationTimes()
  readonly #options: PassedOptions
  readonly #relay: GuestRelay
  readonly #listener: Listener
  #isCancelled = false
  status: MigrationStatus = 'setup'
  error: string | undefined

  constructor(options: PassedOptions) {
    const { awaited, sides, tell } = options
    this.#options = options
    this.#relay = new GuestRelay({ sides, tell, onBegun: () => this.#begin() })
    this.#listener = awaited.passTo((origin) => this.#relay.handle(origin))
    this.over = this.#follow()
    new Completions(() => {}).own(this.over)
    this.#tell('setup')
  }

  /** Where it is waited for. */
  get place(): AddressInfo | string {
    return this.#options.awaited.place
  }

  get isOver(): boolean {
    return hasEnded(this.status)
  }

  /** In bytes: of the guest's memory, and of all channels so far. */
  get total(): number {
    return this.#relay.main?.total ?? 0
  }

  get sent(): number {
    return this.#relay.bytes
  }

  get pages(): { readonly normal: number; readonly zero: number; readonly passes: number } {
    const { normal, zero } = this.#relay.ram.pages
    return { normal, zero, passes: this.#relay.main?.passes ?? 0 }
  }

  /** Ends it, unless the guest is whole already. */
  cancel(): void {
    if (this.isOver) return
    this.#isCancelled = true
    this.#relay.cancel()
  }

  /** Ends it. A guest that is whole has a moment to be taken. */
  async close(): Promise<void> {
    this.cancel()
    if (!this.isOver) await this.#listener.drain(DRAIN_LIMIT)
    await this.over
  }

  #begin(): void {
    this.times.activate()
    this.#tell('active')
  }

  async #follow(): Promise<void> {
    const error = await this.#relay.outcome.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    // What has failed stays so, although it is cancelled while its connections close.
    const isCancelled = this.#isCancelled
    if (isCancelled && error !== undefined) this.#tell('cancelling')
    await this.#listener.drain(isCancelled ? 0 : DRAIN_LIMIT)
    this.#options.awaited.release()
    this.#options.release()
    this.times.end()
    if (error === undefined) this.#tell('completed')
    else {
      this.error = messageOf(error)
      this.#tell(isCancelled ? 'cancelled' : 'failed', error)
    }
  }

  #tell(status: MigrationStatus, error?: unknown): void {
    this.status = status
    this.#options.onStatus(status, error)
  }
}
