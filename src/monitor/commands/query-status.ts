/** `query-status`: there is no guest, so it says whether endpoints are served. */
import { BOOL, enumOf, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

const STATUS = enumOf('RunState', ['inmigrate', 'postmigrate', 'running'])

export const QUERY_STATUS = defineCommand({
  name: 'query-status',
  returns: struct('StatusInfo', { running: BOOL, singlestep: BOOL, status: STATUS }),
  run: () => ({ status: 'running', singlestep: false, running: true }),
})
