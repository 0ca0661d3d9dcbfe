/** `query-cpus-fast`: processors of a guest. There is no guest, so there are none. */
import { ANY, listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_CPUS_FAST = defineCommand({
  name: 'query-cpus-fast',
  returns: listOf(ANY),
  run: () => [],
})
