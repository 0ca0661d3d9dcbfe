/** `query-chardev-backends`: what `chardev-add` can make. */
import { listOf, STR, struct } from '../schema/qapi-types.ts'
import { CHARDEV_BACKENDS } from './chardev-backend.ts'
import { defineCommand } from './define-command.ts'

const INFO = struct('ChardevBackendInfo', { name: STR })

export const QUERY_CHARDEV_BACKENDS = defineCommand({
  name: 'query-chardev-backends',
  returns: listOf(INFO),
  run: () => CHARDEV_BACKENDS.map((name) => ({ name })),
})
