/** The capabilities of migrations: QEMU's names, and which of them a reception or a sending of this program can have. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { HOST_KINDS } from './host-diagnostics.ts'

/** In the order of QEMU; `false` where it cannot be switched on. */
const CAPABILITIES = {
  xbzrle: true,
  'rdma-pin-all': false,
  'auto-converge': true,
  'zero-blocks': true,
  compress: false,
  events: true,
  'postcopy-ram': false,
  'x-colo': false,
  'release-ram': true,
  block: false,
  'return-path': true,
  'pause-before-switchover': false,
  multifd: true,
  'dirty-bitmaps': true,
  'postcopy-blocktime': false,
  'late-block-activate': true,
  'x-ignore-shared': true,
  'validate-uuid': true,
  'background-snapshot': false,
  'zero-copy-send': false,
  'postcopy-preempt': false,
  'switchover-ack': true,
  'dirty-limit': false,
  'mapped-ram': false,
} as const

export type MigrationCapability = keyof typeof CAPABILITIES

export const MIGRATION_CAPABILITIES = Object.keys(CAPABILITIES) as readonly MigrationCapability[]

export type CapabilityChange = {
  readonly capability: MigrationCapability
  readonly state: boolean
}

export class MigrationCapabilities {
  #enabled: ReadonlySet<MigrationCapability> = new Set()

  has(name: MigrationCapability): boolean {
    return this.#enabled.has(name)
  }

  /**
   * Sets all or none.
   *
   * @throws DiagnosticError MONITOR_CAPABILITY_...
   */
  set(changes: readonly CapabilityChange[]): void {
    const enabled = new Set(this.#enabled)
    for (const { capability, state } of changes) {
      if (state) enabled.add(capability)
      else enabled.delete(capability)
    }
    if (enabled.has('postcopy-preempt') && !enabled.has('postcopy-ram')) {
      fail(HOST_KINDS.capabilityNeeds, { name: 'Postcopy preempt', needs: 'postcopy-ram' })
    }
    const unsupported = [...enabled].find((name) => !CAPABILITIES[name])
    if (unsupported) fail(HOST_KINDS.capabilityUnsupported, { name: unsupported })
    this.#enabled = enabled
  }
}
