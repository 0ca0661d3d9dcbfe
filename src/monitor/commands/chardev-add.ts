/** `chardev-add` */
import { STR, struct } from '../schema/qapi-types.ts'
import { CHARDEV_BACKEND, CHARDEV_RETURN, openBackend } from './chardev-backend.ts'
import { defineCommand } from './define-command.ts'

export const CHARDEV_ADD = defineCommand({
  name: 'chardev-add',
  arguments: struct('q_obj_chardev-add-arg', { id: STR, backend: CHARDEV_BACKEND }),
  returns: CHARDEV_RETURN,
  run: ({ chardevs }, { id, backend }) =>
    openBackend(id, backend, (chardev) => chardevs.add(chardev)),
})
