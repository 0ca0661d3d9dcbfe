/** `migrate_cancel`: ends the sending of a guest. */
import { defineCommand } from './define-command.ts'

export const MIGRATE_CANCEL = defineCommand({
  name: 'migrate_cancel',
  run: ({ migrations }) => {
    migrations.cancel()
  },
})
