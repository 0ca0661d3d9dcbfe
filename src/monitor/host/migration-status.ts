/** How far a migration is, in QEMU's words. */
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'

export type MigrationStatus =
  | 'setup'
  | 'active'
  | 'completed'
  | 'failed'
  | 'cancelling'
  | 'cancelled'

/** Why it is no further, for `error-desc`. */
export function messageOf(error: unknown): string {
  if (!(error instanceof DiagnosticError)) return String(error)
  return error.diagnostics.map(({ message }) => message).join('; ')
}
