/** `query-chardev`: character devices, the newest first. */
import { BOOL, listOf, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

const CHARDEV_INFO = struct('ChardevInfo', {
  label: STR,
  filename: STR,
  'frontend-open': BOOL,
})

export const QUERY_CHARDEV = defineCommand({
  name: 'query-chardev',
  returns: listOf(CHARDEV_INFO),
  run: ({ chardevs }) => chardevs.list().toReversed(),
})
