/** `query-named-block-nodes`: what QEMU tells of a node, where there is nothing to tell as it tells nothing. */
import type { BlockNode } from '../host/block-node.ts'
import { allocatedSize } from '../host/block-nodes.ts'
import type { JsonObject } from '../protocol/json-value.ts'
import { BOOL, INT, listOf, optional, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'

const IMAGE = struct('ImageInfo', {
  filename: STR,
  format: STR,
  'dirty-flag': optional(BOOL),
  'actual-size': optional(INT),
  'virtual-size': INT,
})

const LIMITS = {
  bps: INT,
  bps_rd: INT,
  bps_wr: INT,
  iops: INT,
  iops_rd: INT,
  iops_wr: INT,
} as const

const NODE = struct('BlockDeviceInfo', {
  file: STR,
  'node-name': optional(STR),
  ro: BOOL,
  drv: STR,
  backing_file_depth: INT,
  encrypted: BOOL,
  detect_zeroes: STR,
  ...LIMITS,
  image: IMAGE,
  cache: struct('BlockdevCacheInfo', { writeback: BOOL, direct: BOOL, 'no-flush': BOOL }),
  write_threshold: INT,
})

export const QUERY_NAMED_BLOCK_NODES = defineCommand({
  name: 'query-named-block-nodes',
  arguments: struct('QueryNamedBlockNodes', { flat: optional(BOOL) }),
  returns: listOf(NODE),
  run: ({ nodes }) => Promise.all(nodes.list.map(describeNode)),
})

async function describeNode(node: BlockNode): Promise<JsonObject> {
  const { name, definition, storage, isReadOnly, filename } = node
  const { driver, handling } = definition
  const allocated = await allocatedSize(node)
  return {
    iops_rd: 0n,
    detect_zeroes: handling?.detectZeroes ?? 'off',
    image: {
      'virtual-size': BigInt(storage.size),
      filename,
      format: driver,
      ...(allocated === undefined ? {} : { 'actual-size': BigInt(allocated) }),
      'dirty-flag': false,
    },
    iops_wr: 0n,
    ro: isReadOnly,
    'node-name': name,
    backing_file_depth: 0n,
    drv: driver,
    iops: 0n,
    bps_wr: 0n,
    write_threshold: 0n,
    encrypted: false,
    bps: 0n,
    bps_rd: 0n,
    cache: { 'no-flush': false, direct: false, writeback: true },
    file: filename,
  }
}
