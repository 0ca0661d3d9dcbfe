/** `query-fdsets`: sets of descriptors of clients. There are none. */
import { ANY, listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_FDSETS = defineCommand({
  name: 'query-fdsets',
  returns: listOf(ANY),
  run: () => [],
})
