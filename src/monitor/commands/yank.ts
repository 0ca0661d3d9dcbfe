/** `yank`: cuts off a guest that comes or goes, also where another command waits for something. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { listOf, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { YANK_INSTANCE } from './yank-instance.ts'

export const YANK = defineCommand({
  name: 'yank',
  arguments: struct('Yank', { instances: listOf(YANK_INSTANCE) }),
  isOutOfBand: true,
  run: ({ migrations }, { instances }) => {
    const isThere = instances.every(({ type }) => type === 'migration' && migrations.isUnderWay)
    if (!isThere) refuseCommand('Instance not found', 'DeviceNotFound')
    if (instances.length > 0) migrations.cutOff()
  },
})
