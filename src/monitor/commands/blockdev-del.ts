/** `blockdev-del` */
import { STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const BLOCKDEV_DEL = defineCommand({
  name: 'blockdev-del',
  arguments: struct('BlockdevDel', { 'node-name': STR }),
  run: async ({ nodes }, args) => {
    await nodes.remove(args['node-name'])
  },
})
