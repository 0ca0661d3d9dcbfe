/** Capabilities of migrations in commands. */
import { MIGRATION_CAPABILITIES } from '../host/migration-capabilities.ts'
import { BOOL, enumOf, struct } from '../schema/qapi-types.ts'

export const CAPABILITY_STATUS = struct('MigrationCapabilityStatus', {
  capability: enumOf('MigrationCapability', MIGRATION_CAPABILITIES),
  state: BOOL,
})
