/** `query-migrate-capabilities` */
import { MIGRATION_CAPABILITIES } from '../host/migration-capabilities.ts'
import { listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { CAPABILITY_STATUS } from './migration-capability.ts'

export const QUERY_MIGRATE_CAPABILITIES = defineCommand({
  name: 'query-migrate-capabilities',
  returns: listOf(CAPABILITY_STATUS),
  run: ({ migrations: { capabilities } }) =>
    MIGRATION_CAPABILITIES.map((capability) => ({
      state: capabilities.has(capability),
      capability,
    })),
})
