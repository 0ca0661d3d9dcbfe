/** Opens what a block node stands for. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { FileStorage } from '../../nbd/storage/file-storage.ts'
import { HandledStorage, needsHandling } from '../../nbd/storage/handled-storage.ts'
import { MemoryStorage } from '../../nbd/storage/memory-storage.ts'
import { NullStorage } from '../../nbd/storage/null-storage.ts'
import type { Storage } from '../../nbd/storage/storage.ts'
import { StoragePart } from '../../nbd/storage/storage-part.ts'
import type { NodeUse } from './block-node.ts'
import type { NodeDefinition, NodeSource, RawLayer } from './block-node-definition.ts'
import { HOST_KINDS } from './host-diagnostics.ts'

export type OpenedNode = {
  readonly storage: Storage
  readonly isReadOnly: boolean
  readonly filename: string
  readonly close: () => Promise<void>
}

/**
 * @param use Holds another node.
 * @throws DiagnosticError MONITOR_NODE_...
 */
export async function openNode(
  definition: NodeDefinition,
  use: (name: string) => NodeUse,
): Promise<OpenedNode> {
  const opened =
    definition.driver === 'raw'
      ? await openLayer(definition, definition.isReadOnly ?? false, use)
      : await openSource(definition, definition)
  const { handling } = definition
  const isReadOnly = opened.isReadOnly || (definition.isReadOnly ?? false)
  if (!needsHandling(handling)) return { ...opened, isReadOnly }
  return { ...opened, isReadOnly, storage: new HandledStorage(opened.storage, handling) }
}

async function openLayer(
  layer: RawLayer,
  isReadOnly: boolean,
  use: (name: string) => NodeUse,
): Promise<OpenedNode> {
  const { file } = layer
  const below = 'node' in file ? useNode(use(file.node)) : await openSource(file, { isReadOnly })
  try {
    return { ...below, storage: cut(below, layer) }
  } catch (error) {
    await below.close()
    throw error
  }
}

function useNode({ node, release }: NodeUse): OpenedNode {
  const { storage, isReadOnly, filename } = node
  return { storage, isReadOnly, filename, close: async () => release() }
}

function cut({ storage }: OpenedNode, { offset = 0, size }: RawLayer): Storage {
  if (offset === 0 && size === undefined) return storage
  const length = size ?? storage.size - offset
  if (length < 0 || offset + length > storage.size) {
    fail(HOST_KINDS.rangeBeyond, { offset, size, available: storage.size })
  }
  return new StoragePart(storage, offset, length)
}

async function openSource(
  source: NodeSource,
  options: Pick<NodeDefinition, 'isReadOnly' | 'isReadOnlyIfNeeded'>,
): Promise<OpenedNode> {
  const { isReadOnly = false } = options
  switch (source.driver) {
    case 'memory':
      return opened(new MemoryStorage(source.size), 'memory://', isReadOnly)
    case 'null-co':
      return opened(
        new NullStorage(source.size ?? NULL_SIZE, isReadOnly),
        nullName(source.size),
        isReadOnly,
      )
    default:
      return openFile(source.filename, options)
  }
}

/** As QEMU has it, in bytes. */
const NULL_SIZE = 2 ** 30

/** As QEMU tells it: the name alone cannot say a size. */
function nullName(size: number | undefined): string {
  return size === undefined ? 'null-co://' : `json:{"driver": "null-co", "size": ${size}}`
}

async function openFile(
  path: string,
  {
    isReadOnly = false,
    isReadOnlyIfNeeded = false,
  }: Pick<NodeDefinition, 'isReadOnly' | 'isReadOnlyIfNeeded'>,
): Promise<OpenedNode> {
  try {
    return opened(await FileStorage.open(path, { readOnly: isReadOnly }), path, isReadOnly)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    const mayReadOnly = isReadOnlyIfNeeded && ['EACCES', 'EROFS'].includes(code)
    if (mayReadOnly) return openFile(path, { isReadOnly: true })
    return fail(HOST_KINDS.cannotOpen, { path, error })
  }
}

function opened(storage: Storage, filename: string, isReadOnly: boolean): OpenedNode {
  return { storage, isReadOnly, filename, close: () => closeStorage(storage, isReadOnly) }
}

/** What is not on disk yet gets there; the storage is closed whatever comes of that. */
async function closeStorage(storage: Storage, isReadOnly: boolean): Promise<void> {
  if (!isReadOnly) await storage.flush().catch(() => {})
  await storage.close()
}
