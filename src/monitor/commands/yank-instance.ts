/** What can be cut off at once, as QEMU names it. */
import { enumOf, STR, struct, union } from '../schema/qapi-types.ts'

export const YANK_INSTANCE = union(
  'YankInstance',
  { type: enumOf('YankInstanceType', ['block-node', 'chardev', 'migration']) },
  'type',
  {
    'block-node': struct('YankInstanceBlockNode', { 'node-name': STR }),
    chardev: struct('YankInstanceChardev', { id: STR }),
    migration: struct('YankInstanceMigration', {}),
  },
)
