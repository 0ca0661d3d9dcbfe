/** `query-status`: there is no guest that runs; it says whether one is waited for, or was sent on. */
import type { HostMigrations } from '../host/host-migrations.ts'
import { BOOL, enumOf, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

const STATUS = enumOf('RunState', ['inmigrate', 'postmigrate', 'running'])

export const QUERY_STATUS = defineCommand({
  name: 'query-status',
  returns: struct('StatusInfo', { running: BOOL, singlestep: BOOL, status: STATUS }),
  run: ({ migrations }) => {
    const status = stateOf(migrations)
    return { status, singlestep: false, running: status === 'running' }
  },
})

function stateOf({ incoming, outgoing }: HostMigrations): NonNullable<(typeof STATUS)['value']> {
  if (incoming && !incoming.isOver) return 'inmigrate'
  if (outgoing?.kind === 'passed' && !outgoing.isOver) return 'inmigrate'
  return outgoing?.status === 'completed' ? 'postmigrate' : 'running'
}
