/** How far a migration is, in QEMU's words. */

export type MigrationStatus =
  | 'setup'
  | 'active'
  | 'completed'
  | 'failed'
  | 'cancelling'
  | 'cancelled'
