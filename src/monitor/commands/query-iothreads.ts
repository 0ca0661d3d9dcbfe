/** `query-iothreads`: threads of a guest's devices. There is no guest, so there are none. */
import { ANY, listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_IOTHREADS = defineCommand({
  name: 'query-iothreads',
  returns: listOf(ANY),
  run: () => [],
})
