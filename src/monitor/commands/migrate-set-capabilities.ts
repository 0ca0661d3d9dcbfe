/** `migrate-set-capabilities` */
import { listOf, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { CAPABILITY_STATUS } from './migration-capability.ts'

export const MIGRATE_SET_CAPABILITIES = defineCommand({
  name: 'migrate-set-capabilities',
  arguments: struct('MigrateSetCapabilities', { capabilities: listOf(CAPABILITY_STATUS) }),
  run: ({ migrations }, { capabilities }) => {
    migrations.setCapabilities(capabilities)
  },
})
