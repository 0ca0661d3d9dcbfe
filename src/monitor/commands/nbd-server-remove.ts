/** `nbd-server-remove`: the older form of `block-export-del`. */
import { optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { EXPORT_REMOVE_MODE } from './export-remove-mode.ts'

export const NBD_SERVER_REMOVE = defineCommand({
  name: 'nbd-server-remove',
  arguments: struct('NbdServerRemove', { name: STR, mode: optional(EXPORT_REMOVE_MODE) }),
  run: async ({ nbd }, { name, mode = 'safe' }) => {
    await nbd.removeExport(name, mode)
  },
})
