/** `query-block`: devices of a guest. There is no guest, so there are none. */
import { ANY, BOOL, listOf, optional, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_BLOCK = defineCommand({
  name: 'query-block',
  // Of newer releases.
  arguments: struct('QueryBlock', { flat: optional(BOOL) }),
  returns: listOf(ANY),
  run: () => [],
})
