/** `chardev-change`: another back-end in the place of one; what it is joined to stays. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { STR, struct } from '../schema/qapi-types.ts'
import { CHARDEV_BACKEND, CHARDEV_RETURN, openBackend } from './chardev-backend.ts'
import { defineCommand } from './define-command.ts'

export const CHARDEV_CHANGE = defineCommand({
  name: 'chardev-change',
  arguments: struct('q_obj_chardev-change-arg', { id: STR, backend: CHARDEV_BACKEND }),
  returns: CHARDEV_RETURN,
  run: ({ chardevs }, { id, backend }) => {
    if (!chardevs.has(id)) refuseCommand(`Chardev '${id}' does not exist`)
    return openBackend(id, backend, (chardev) => chardevs.change(chardev))
  },
})
