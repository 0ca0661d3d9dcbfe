/** `migrate-recover`: of post-copy, which a guest that is stored cannot have. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const MIGRATE_RECOVER = defineCommand({
  name: 'migrate-recover',
  arguments: struct('MigrateRecover', { uri: STR }),
  isOutOfBand: true,
  run: () => refuseCommand('Migrate recover can only be run when postcopy is paused.'),
})
