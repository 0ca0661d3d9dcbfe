/** `migrate-set-parameters` */
import type { ParameterValue } from '../host/migration-parameters.ts'
import { struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { SET_PARAMETERS } from './migration-parameter.ts'

export const MIGRATE_SET_PARAMETERS = defineCommand({
  name: 'migrate-set-parameters',
  arguments: struct('MigrateSetParameters', SET_PARAMETERS),
  run: ({ migrations }, args) => {
    const changes = Object.entries(args as Readonly<Record<string, unknown>>)
    migrations.parameters.set(
      Object.fromEntries(changes.map(([name, value]) => [name, toParameter(value)])),
    )
  },
})

function toParameter(value: unknown): ParameterValue {
  if (value === null) return ''
  return typeof value === 'number' ? BigInt(value) : (value as ParameterValue)
}
