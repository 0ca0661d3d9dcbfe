/** `object-del`: what uses the object goes on with its last load, as in QEMU. */
import { STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const OBJECT_DEL = defineCommand({
  name: 'object-del',
  arguments: struct('ObjectDel', { id: STR }),
  run: ({ objects }, { id }) => {
    objects.remove(id)
  },
})
