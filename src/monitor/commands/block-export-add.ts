/** `block-export-add` */
import { refuseCommand } from '../protocol/qmp-error.ts'
import { ANY, BOOL, enumOf, listOf, optional, STR, struct, union } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

/** QEMU has more types, which are no endpoints of a network. */
const TYPE = enumOf('BlockExportType', ['nbd'])

const NBD = struct('BlockExportOptionsNbd', {
  name: optional(STR),
  description: optional(STR),
  bitmaps: optional(listOf(ANY)),
  'allocation-depth': optional(BOOL),
})

export const BLOCK_EXPORT_ADD = defineCommand({
  name: 'block-export-add',
  arguments: union(
    'BlockExportOptions',
    {
      type: TYPE,
      id: STR,
      'node-name': STR,
      writable: optional(BOOL),
      writethrough: optional(BOOL),
    },
    'type',
    { nbd: NBD },
  ),
  run: ({ nbd }, args) => {
    const { id, name, description, bitmaps, writable, writethrough } = args
    refuseBitmaps(bitmaps)
    nbd.addExport({
      id,
      nodeName: args['node-name'],
      name,
      description,
      isWritable: writable,
      isWrittenThrough: writethrough,
    })
  },
})

/** Nodes of raw images have none. */
function refuseBitmaps(bitmaps: readonly unknown[] = []): void {
  if (bitmaps.length === 0) return
  refuseCommand(`Bitmap '${typeof bitmaps[0] === 'string' ? bitmaps[0] : '?'}' is not found`)
}
