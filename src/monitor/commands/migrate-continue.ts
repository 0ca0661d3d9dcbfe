/** `migrate-continue`: nothing waits before the switch-over here, since no guest runs. */
import { QEMU_MIGRATION_STATUSES } from '../host/migration-status.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { enumOf, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

const STATUS = enumOf('MigrationStatus', QEMU_MIGRATION_STATUSES)

export const MIGRATE_CONTINUE = defineCommand({
  name: 'migrate-continue',
  arguments: struct('MigrateContinue', { state: STATUS }),
  run: ({ migrations: { outgoing } }) =>
    refuseCommand(`Migration not in expected state: ${outgoing?.status ?? 'none'}`),
})
