/** The block nodes of a host: what they hold open, and who holds them. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { allocatedSize, BlockNodes } from '../../../src/monitor/host/block-nodes.ts'
import { FileStorage } from '../../../src/nbd/storage/file-storage.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { openNegotiated } from '../in-process-monitor.ts'

function openNodes() {
  const nodes = new BlockNodes()
  const filename = join(scratchFolder(), 'disk')
  writeFileSync(filename, Buffer.alloc(8192, 7))
  const spies = [
    vi.spyOn(FileStorage, 'open'),
    vi.spyOn(FileStorage.prototype, 'flush'),
    vi.spyOn(FileStorage.prototype, 'close'),
  ] as const
  const [open, flush, close] = spies
  onTestFinished(async () => {
    for (const spy of spies) spy.mockRestore()
    await nodes.close()
  })
  return { nodes, filename, open, flush, close }
}

const namesOf = ({ list }: BlockNodes) => list.map(({ name }) => name)

test('of two that take a name at once, one is refused, and closes what it has opened', async () => {
  const { nodes, filename, open, close } = openNodes()
  const definition = { driver: 'file', filename, name: 'f' } as const
  const outcomes = await Promise.allSettled([nodes.add(definition), nodes.add(definition)])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(namesOf(nodes)).toEqual(['f'])
  expect([open.mock.calls.length, close.mock.calls.length]).toEqual([2, 1])
})

test('of a name that is taken nothing is opened', async () => {
  const { nodes, filename, open } = openNodes()
  const definition = { driver: 'file', filename, name: 'f' } as const
  await nodes.add(definition)
  await expect(nodes.add(definition)).rejects.toThrow(refusal('MONITOR_NODE_EXISTS'))
  expect(open).toHaveBeenCalledTimes(1)
})

test('a part that is not within its node leaves that unused, or closes its file', async () => {
  const { nodes, filename, close } = openNodes()
  await nodes.add({ driver: 'file', filename, name: 'f' })
  const part = { driver: 'raw', name: 'p', offset: 4096, size: 4097 } as const
  await expect(nodes.add({ ...part, file: { node: 'f' } })).rejects.toThrow(
    'has to be smaller or equal',
  )
  await nodes.remove('f')
  expect(close).toHaveBeenCalledTimes(1)
  const file = { driver: 'file', filename } as const
  await expect(nodes.add({ ...part, file })).rejects.toThrow('has to be smaller or equal')
  expect(close).toHaveBeenCalledTimes(2)
})

test('what another one stands on is used, and unused when that is gone', async () => {
  const { nodes, filename } = openNodes()
  await nodes.add({ driver: 'file', filename, name: 'f' })
  await nodes.add({ driver: 'raw', name: 'r', file: { node: 'f' } })
  const unused = () => nodes.unused.map(({ name }) => name)
  expect(unused()).toEqual(['r'])
  await expect(nodes.remove('f')).rejects.toThrow('in use')
  const users = [nodes.use('f'), nodes.use('f')]
  await nodes.remove('r')
  for (const { release } of users) {
    await expect(nodes.remove('f')).rejects.toThrow('in use')
    release()
  }
  expect(unused()).toEqual(['f'])
  await nodes.remove('f')
})

test('those that are still there when the host ends are closed once', async () => {
  const { nodes, filename, flush, close } = openNodes()
  await nodes.add({ driver: 'file', filename, name: 'f' })
  await nodes.add({ driver: 'raw', name: 'r', file: { node: 'f' } })
  await nodes.close()
  expect([flush.mock.calls.length, close.mock.calls.length]).toEqual([1, 1])
  expect(nodes.list).toEqual([])
})

test('what cannot be written is not flushed, and a flush that fails does not leave a file open', async () => {
  const { nodes, filename, flush, close } = openNodes()
  const file = { driver: 'file', filename, name: 'f' } as const
  await nodes.add({ ...file, isReadOnly: true })
  await nodes.remove('f')
  expect([flush.mock.calls.length, close.mock.calls.length]).toEqual([0, 1])
  await nodes.add(file)
  flush.mockRejectedValueOnce(new Error('EIO'))
  await nodes.remove('f')
  expect([flush.mock.calls.length, close.mock.calls.length]).toEqual([1, 2])
})

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** The superuser may write everywhere, so what the system would say is said in its place. */
test('a file that cannot be written is opened to read where that is allowed', async () => {
  const { nodes, filename, open } = openNodes()
  const file = { driver: 'file', filename, name: 'f' } as const
  for (const code of ['EACCES', 'EROFS']) {
    open.mockRejectedValueOnce(failure(code))
    await nodes.add({ ...file, isReadOnlyIfNeeded: true })
    expect(open.mock.calls.map(([, options]) => options?.readOnly)).toEqual([false, true])
    expect(nodes.list).toMatchObject([{ isReadOnly: true, filename }])
    await nodes.remove('f')
    open.mockClear()
  }
  open.mockRejectedValueOnce(failure('EACCES'))
  await expect(nodes.add(file)).rejects.toThrow(filename)
  open.mockRejectedValueOnce(failure('EIO'))
  await expect(nodes.add({ ...file, isReadOnlyIfNeeded: true })).rejects.toThrow(filename)
  open.mockRejectedValueOnce(failure('EACCES')).mockRejectedValueOnce(failure('EACCES'))
  await expect(nodes.add({ ...file, isReadOnlyIfNeeded: true })).rejects.toThrow(filename)
  expect(nodes.list).toEqual([])
})

test('a layer is read-only where its node is, and where it is to be', async () => {
  const { nodes, filename } = openNodes()
  await nodes.add({ driver: 'file', filename, name: 'w' })
  await nodes.add({ driver: 'file', filename, name: 'r', isReadOnly: true })
  await nodes.add({ driver: 'raw', name: 'rw', file: { node: 'w' } })
  await nodes.add({ driver: 'raw', name: 'ro', file: { node: 'w' }, isReadOnly: true })
  await nodes.add({ driver: 'raw', name: 'rr', file: { node: 'r' } })
  const file = { driver: 'file', filename } as const
  await nodes.add({ driver: 'raw', name: 'fo', file, isReadOnly: true })
  await nodes.add({ driver: 'raw', name: 'fw', file })
  const readOnly = nodes.list.filter((node) => node.isReadOnly).map(({ name }) => name)
  expect(readOnly.toSorted()).toEqual(['fo', 'r', 'ro', 'rr'])
})

test('a part begins and ends where it is said, and without a size with its node', async () => {
  const { nodes, filename } = openNodes()
  writeFileSync(filename, Buffer.from('abcdefgh'))
  const file = { driver: 'file', filename } as const
  const read = async (part: { readonly offset?: number; readonly size?: number }) => {
    await nodes.add({ driver: 'raw', name: 'p', file, ...part })
    const { storage } = nodes.use('p').node
    const target = Buffer.alloc(storage.size)
    await storage.read(target, 0, target.length, 0)
    const definitions = nodes.list.length
    await nodes.close()
    return [definitions, String(target)]
  }
  expect(await read({})).toEqual([1, 'abcdefgh'])
  expect(await read({ offset: 2 })).toEqual([1, 'cdefgh'])
  expect(await read({ size: 3 })).toEqual([1, 'abc'])
  expect(await read({ offset: 2, size: 3 })).toEqual([1, 'cde'])
})

test('of a disk a node takes what its file takes', async () => {
  const { nodes, filename } = openNodes()
  await nodes.add({ driver: 'file', filename, name: 'f' })
  await nodes.add({ driver: 'null-co', name: 'n' })
  await nodes.add({ driver: 'memory', size: 512, name: 'm' })
  const sizes = await Promise.all(nodes.list.toReversed().map(allocatedSize))
  const { blocks } = statSync(filename)
  expect(blocks).toBeGreaterThan(0)
  expect(sizes).toEqual([blocks * 512, 0, undefined])
})

test.each(['ignore', 'unmap'])(
  'discard=%s of a client is what is done with what is trimmed',
  async (discard) => {
    const { client, host } = await openNegotiated()
    const filename = join(scratchFolder(), 'disk')
    writeFileSync(filename, Buffer.alloc(65_536, 7))
    await client.run('blockdev-add', { driver: 'file', filename, 'node-name': 'f', discard })
    await host.nodes.list[0]?.storage.trim(0, 65_536)
    expect(readFileSync(filename).includes(7)).toBe(discard === 'ignore')
  },
)
