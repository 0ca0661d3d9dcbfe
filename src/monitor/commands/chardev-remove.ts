/** `chardev-remove` */
import { STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const CHARDEV_REMOVE = defineCommand({
  name: 'chardev-remove',
  arguments: struct('q_obj_chardev-remove-arg', { id: STR }),
  run: async ({ chardevs }, { id }) => {
    await chardevs.remove(id)
    return {}
  },
})
