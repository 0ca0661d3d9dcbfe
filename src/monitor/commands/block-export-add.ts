/** `block-export-add` */
import {
  alternateOf,
  BOOL,
  enumOf,
  listOf,
  optional,
  STR,
  struct,
  union,
} from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

/** QEMU has more types, which are no endpoints of a network. */
const TYPE = enumOf('BlockExportType', ['nbd'])

/** A bitmap of the node itself, or of one below it. */
const BITMAP = alternateOf('BlockDirtyBitmapOrStr', [
  STR,
  struct('BlockDirtyBitmap', { node: STR, name: STR }),
])

const NBD = struct('BlockExportOptionsNbd', {
  name: optional(STR),
  description: optional(STR),
  bitmaps: optional(listOf(BITMAP)),
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
    nbd.addExport({
      ...{ id, nodeName: args['node-name'], name, description },
      isWritable: writable,
      isWrittenThrough: writethrough,
      bitmaps: bitmaps?.map((one) => (typeof one === 'string' ? { name: one } : one)),
    })
  },
})
