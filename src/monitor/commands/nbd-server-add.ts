/** `nbd-server-add`: the older form of `block-export-add`. */
import { BOOL, optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

export const NBD_SERVER_ADD = defineCommand({
  name: 'nbd-server-add',
  arguments: struct('NbdServerAddOptions', {
    name: optional(STR),
    description: optional(STR),
    device: STR,
    writable: optional(BOOL),
    bitmap: optional(STR),
  }),
  run: ({ nbd, nodes }, { device, name = device, description, writable = false, bitmap }) => {
    const { node, release } = nodes.use(device, device)
    release()
    // A node that is read-only is exported read-only, unasked, as in QEMU.
    const isWritable = writable && !node.isReadOnly
    const bitmaps = bitmap === undefined ? [] : [{ name: bitmap }]
    nbd.addExport({ id: name, nodeName: device, name, description, isWritable, bitmaps })
  },
})
