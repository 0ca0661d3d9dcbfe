/** `query-hotpluggable-cpus`: processors of a guest. There is no guest, so there are none. */
import { ANY, listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_HOTPLUGGABLE_CPUS = defineCommand({
  name: 'query-hotpluggable-cpus',
  returns: listOf(ANY),
  run: () => [],
})
