/** How far a migration is, in QEMU's words. */
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'

export type MigrationStatus =
  | 'setup'
  | 'active'
  | 'completed'
  | 'failed'
  | 'cancelling'
  | 'cancelled'

export function hasEnded(status: MigrationStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}

/** Why it is no further, for `error-desc`. */
export function messageOf(error: unknown): string {
  if (!(error instanceof DiagnosticError)) return String(error)
  return error.diagnostics.map(({ message }) => message).join('; ')
}

/** Those of QEMU; some of them are never reached here. */
export const QEMU_MIGRATION_STATUSES = [
  ...(['none', 'setup', 'cancelling', 'cancelled', 'active', 'postcopy-active'] as const),
  ...(['postcopy-paused', 'postcopy-recover', 'completed', 'failed', 'colo'] as const),
  ...(['pre-switchover', 'device', 'wait-unplug'] as const),
]
