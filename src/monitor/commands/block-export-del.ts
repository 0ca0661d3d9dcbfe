/** `block-export-del`: the export is gone with the event BLOCK_EXPORT_DELETED. */
import { optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { EXPORT_REMOVE_MODE } from './export-remove-mode.ts'

export const BLOCK_EXPORT_DEL = defineCommand({
  name: 'block-export-del',
  arguments: struct('BlockExportDel', { id: STR, mode: optional(EXPORT_REMOVE_MODE) }),
  run: async ({ nbd }, { id, mode = 'safe' }) => {
    await nbd.removeExport(id, mode)
  },
})
