/** `migrate-start-postcopy`: a guest that is stored cannot have post-copy. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { defineCommand } from './define-command.ts'

export const MIGRATE_START_POSTCOPY = defineCommand({
  name: 'migrate-start-postcopy',
  run: () =>
    refuseCommand('Enable postcopy with migrate_set_capability before the start of migration'),
})
