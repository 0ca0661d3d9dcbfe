/** `query-migrate-parameters` */
import { struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { TOLD_PARAMETERS } from './migration-parameter.ts'

export const QUERY_MIGRATE_PARAMETERS = defineCommand({
  name: 'query-migrate-parameters',
  returns: struct('MigrationParameters', TOLD_PARAMETERS),
  run: ({ migrations }) => Object.fromEntries(migrations.parameters.values),
})
