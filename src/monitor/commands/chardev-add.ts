/** `chardev-add` */
import { optional, STR, struct } from '../schema/qapi-types.ts'
import { CHARDEV_BACKEND, readBackend, toRefusal } from './chardev-backend.ts'
import { defineCommand } from './define-command.ts'

export const CHARDEV_RETURN = struct('ChardevReturn', { pty: optional(STR) })

export const CHARDEV_ADD = defineCommand({
  name: 'chardev-add',
  arguments: struct('q_obj_chardev-add-arg', { id: STR, backend: CHARDEV_BACKEND }),
  returns: CHARDEV_RETURN,
  run: async ({ chardevs }, { id, backend }) => {
    const place = await chardevs.add(readBackend(id, backend)).catch((error) => {
      throw toRefusal(id, error)
    })
    return backend.type === 'pty' && place !== undefined ? { pty: place } : {}
  },
})
