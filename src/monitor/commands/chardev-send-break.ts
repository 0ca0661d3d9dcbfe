/** `chardev-send-break`: refused, since there is no serial line that a break could be sent on. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const CHARDEV_SEND_BREAK = defineCommand({
  name: 'chardev-send-break',
  arguments: struct('q_obj_chardev-send-break-arg', { id: STR }),
  run: ({ chardevs }, { id }) => {
    if (!chardevs.has(id)) refuseCommand(`Chardev '${id}' not found`)
    return refuseCommand(`Chardev '${id}' has no serial line that a break could be sent on`)
  },
})
