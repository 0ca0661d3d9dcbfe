/** `query-chardev`: character devices. There are none yet. */
import { ANY, listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const QUERY_CHARDEV = defineCommand({
  name: 'query-chardev',
  returns: listOf(ANY),
  run: () => [],
})
