/** How far a guest of a host is, for its log. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { MigrationStatus } from './migration-status.ts'

export type GuestEvent = {
  readonly event: 'guest'
  /** It is received and stored, sent from where it is stored, or passed on as it comes. */
  readonly way: 'in' | 'out' | 'through'
  readonly status: MigrationStatus
  /** Where it is waited for, or where it goes. */
  readonly place: string
  /** Where it is stored. */
  readonly path?: string
  /** Why it has failed, or was cancelled. */
  readonly diagnostics: readonly Diagnostic[]
}
