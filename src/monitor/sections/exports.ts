/** `exports`: what the NBD server offers, each with the block node that it keeps its bytes in. */
import type { PropertyReader } from '../../options/property-reader.ts'
import type { NodeDefinition } from '../host/block-node-definition.ts'
import type { HostEndpoints } from '../host/host-endpoints.ts'
import type { FileHost, FileSection } from './section.ts'
import type { TakenPlace } from './taken-place.ts'

export const EXPORTS_SECTION: FileSection = {
  key: 'exports',
  what: 'export',
  needs: () => ['nbd'],
  endsLast: true,
  summary: 'What the NBD server offers.',
  properties: {
    file: { kind: 'text', summary: 'a raw image or a block device' },
    memory: { kind: 'size', summary: 'instead of a file: so many bytes of memory, as 512M' },
    name: { kind: 'text', summary: 'under which clients find it; its id without this' },
    description: { kind: 'text', summary: 'what clients are told of it' },
    writable: { kind: 'flag', summary: 'whether clients may write' },
    writethrough: {
      kind: 'flag',
      summary: 'whatever is written is on disk before the client is told so',
    },
  },
  read: (reader, { id }) => {
    const isWritable = reader.flag('writable', false)
    const node = readNode(reader, id, !isWritable)
    const options = {
      ...{ id, nodeName: id, isWritable },
      name: reader.text('name') ?? id,
      description: reader.text('description'),
      isWrittenThrough: reader.flag('writethrough', false),
    }
    const start = async ({ endpoints }: FileHost) => {
      const { nodes, nbd } = endpoints
      await nodes.add(node)
      try {
        nbd.addExport(options)
      } catch (error) {
        await nodes.remove(id)
        throw error
      }
      return { stop: () => remove(endpoints, id) }
    }
    return { takes: [takenName(options.name)], start }
  },
}

function takenName(name: string): TakenPlace {
  return { property: 'name', candidates: [{ kind: 'export', name }] }
}

function readNode(reader: PropertyReader, name: string, isReadOnly: boolean): NodeDefinition {
  const size = reader.size('memory')
  if (size === undefined) {
    return { driver: 'file', filename: reader.requiredText('file'), name, isReadOnly }
  }
  if (reader.has('file')) reader.refuse('memory', 'no value where `file` has one')
  return { driver: 'memory', size, name }
}

/** A client of the monitor may have removed one or both meanwhile. */
async function remove({ nodes, nbd }: HostEndpoints, id: string): Promise<void> {
  if (nbd.exports.some((one) => one.id === id)) await nbd.removeExport(id, 'hard')
  if (nodes.list.some(({ name }) => name === id)) await nodes.remove(id)
}
