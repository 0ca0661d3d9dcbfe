/** `migrate-continue`: nothing waits before the switch-over here, since no guest runs. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { enumOf, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

/** Of QEMU; some of them are never reached here. */
const STATUS = enumOf('MigrationStatus', [
  ...(['none', 'setup', 'cancelling', 'cancelled', 'active', 'postcopy-active'] as const),
  ...(['postcopy-paused', 'postcopy-recover', 'completed', 'failed', 'colo'] as const),
  ...(['pre-switchover', 'device', 'wait-unplug'] as const),
])

export const MIGRATE_CONTINUE = defineCommand({
  name: 'migrate-continue',
  arguments: struct('MigrateContinue', { state: STATUS }),
  run: ({ migrations: { outgoing } }) =>
    refuseCommand(`Migration not in expected state: ${outgoing?.status ?? 'none'}`),
})
