/** `blockdev-add`: raw files, block devices, memory, and parts of them. */
import type { NodeDefinition, NodeSource } from '../host/block-node-definition.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { BLOCKDEV_OPTIONS, type BlockdevOptions, type BlockdevSource } from './blockdev-options.ts'
import { readByteCount } from './byte-count.ts'
import { defineCommand } from './define-command.ts'

export const BLOCKDEV_ADD = defineCommand({
  name: 'blockdev-add',
  arguments: BLOCKDEV_OPTIONS,
  run: async ({ nodes }, args) => {
    await nodes.add(defineNode(args))
  },
})

function defineNode(options: BlockdevOptions): NodeDefinition {
  const { cache, discard, 'detect-zeroes': detectZeroes } = options
  if (cache?.direct)
    refuseCommand(
      'cache.direct is not supported: files are read and written through the cache of the system',
    )
  return {
    ...readLayer(options),
    name: options['node-name'] ?? '',
    isReadOnly: options['read-only'] ?? false,
    isReadOnlyIfNeeded: options['auto-read-only'] ?? false,
    handling: {
      ...(discard === undefined ? {} : { discard }),
      ...(detectZeroes === undefined ? {} : { detectZeroes }),
    },
  }
}

function readLayer(options: BlockdevOptions) {
  if (options.driver !== 'raw') return readSource(options)
  const { file, offset, size } = options
  return {
    driver: 'raw' as const,
    file: typeof file === 'string' ? { node: file } : readSource(file),
    ...(offset === undefined ? {} : { offset: readByteCount(offset, 'offset') }),
    ...(size === undefined ? {} : { size: readByteCount(size, 'size') }),
  }
}

function readSource(options: BlockdevSource): NodeSource {
  switch (options.driver) {
    case 'file':
    case 'host_device':
      return { driver: options.driver, filename: options.filename }
    case 'memory':
      return { driver: 'memory', size: readByteCount(options.size, 'size') }
    case 'null-co':
      return options.size === undefined
        ? { driver: 'null-co' }
        : { driver: 'null-co', size: readByteCount(options.size, 'size') }
  }
}
