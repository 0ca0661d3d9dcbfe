/** `query-jobs`: jobs on block nodes. There are none. */
import { ANY, listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_JOBS = defineCommand({
  name: 'query-jobs',
  returns: listOf(ANY),
  run: () => [],
})
