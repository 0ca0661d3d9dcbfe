/** `query-yank`: what `yank` can end. */
import { listOf } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { YANK_INSTANCE } from './yank-instance.ts'

export const QUERY_YANK = defineCommand({
  name: 'query-yank',
  returns: listOf(YANK_INSTANCE),
  isOutOfBand: true,
  run: ({ migrations }) => (migrations.isUnderWay ? [{ type: 'migration' }] : []),
})
