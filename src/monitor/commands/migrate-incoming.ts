/** `migrate-incoming`: waits for a guest, which is stored. */
import { BOOL, optional, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { PLACE_MEMBERS, readPlace } from './migration-place.ts'

export const MIGRATE_INCOMING = defineCommand({
  name: 'migrate-incoming',
  // The process never exits where a guest fails, so `exit-on-error` changes nothing.
  arguments: struct('MigrateIncoming', { ...PLACE_MEMBERS, 'exit-on-error': optional(BOOL) }),
  run: async ({ migrations }, args) => {
    const { uri, channels } = args
    // Nothing of the arguments matters where no guest can come.
    if (uri !== undefined || channels !== undefined) migrations.requireRoom()
    await migrations.receive(readPlace(args))
  },
})
