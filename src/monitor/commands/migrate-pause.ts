/** `migrate-pause`: of post-copy, which a guest that is stored cannot have. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { defineCommand } from './define-command.ts'

export const MIGRATE_PAUSE = defineCommand({
  name: 'migrate-pause',
  isOutOfBand: true,
  run: () =>
    refuseCommand('migrate-pause is currently only supported during postcopy-active state'),
})
