/** `chardev-change`: another back-end in the place of one; what it is joined to stays. */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { STR, struct } from '../schema/qapi-types.ts'
import { CHARDEV_RETURN } from './chardev-add.ts'
import { CHARDEV_BACKEND, readBackend, toRefusal } from './chardev-backend.ts'
import { defineCommand } from './define-command.ts'

export const CHARDEV_CHANGE = defineCommand({
  name: 'chardev-change',
  arguments: struct('q_obj_chardev-change-arg', { id: STR, backend: CHARDEV_BACKEND }),
  returns: CHARDEV_RETURN,
  run: async ({ chardevs }, { id, backend }) => {
    if (!chardevs.has(id)) refuseCommand(`Chardev '${id}' does not exist`)
    const place = await chardevs.change(readBackend(id, backend)).catch((error) => {
      throw toRefusal(id, error)
    })
    return backend.type === 'pty' && place !== undefined ? { pty: place } : {}
  },
})
