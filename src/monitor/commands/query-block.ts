/** `query-block`: devices of a guest. There is no guest, so there are none. */
import { ANY, listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_BLOCK = defineCommand({
  name: 'query-block',
  returns: listOf(ANY),
  run: () => [],
})
