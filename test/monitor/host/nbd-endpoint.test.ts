/** The NBD server of a host while several clients of monitors start and stop it. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Traffic } from '../../../src/endpoint/traffic.ts'
import { HostEndpoints } from '../../../src/monitor/host/host-endpoints.ts'
import type { NbdExportOptions } from '../../../src/monitor/host/nbd-endpoint.ts'
import { NBD_CMD, NBD_INFO, NBD_OPT, NBD_REP } from '../../../src/nbd/protocol/constants.ts'
import { encodeInfoOption } from '../../../src/nbd/protocol/option-data.ts'
import { FileStorage } from '../../../src/nbd/storage/file-storage.ts'
import { scratchFolder } from '../../cli/command.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { RawClient } from '../../nbd/server/raw-client.ts'
import { RawTransmission } from '../../nbd/server/raw-transmission.ts'

const { READ, WRITE } = NBD_CMD

/** A host with a node of memory, and a place for its server. */
async function openHost() {
  const host = new HostEndpoints()
  onTestFinished(() => host.close())
  await host.nodes.add({ driver: 'memory', size: 1_048_576, name: 'n0' })
  const address = { kind: 'unix', path: join(scratchFolder(), 'nbd.sock') } as const
  const deleted: unknown[] = []
  host.events.subscribe(({ name, data }) => {
    if (name === 'BLOCK_EXPORT_DELETED') deleted.push(data?.id)
  })
  return { host, ...host, address, deleted }
}

/** The same with a node of a file, `f0`. */
async function openFileHost() {
  const opened = await openHost()
  const filename = join(scratchFolder(), 'disk')
  writeFileSync(filename, Buffer.alloc(4096))
  await opened.nodes.add({ driver: 'file', filename, name: 'f0' })
  const flush = vi.spyOn(FileStorage.prototype, 'flush')
  onTestFinished(() => flush.mockRestore())
  return { ...opened, flush }
}

const E0: NbdExportOptions = { id: 'e0', nodeName: 'n0', name: '', isWritable: true }

test('none is started while one waits for its clients, and both who stop it wait for its end', async () => {
  const { nbd, address } = await openHost()
  const begin = async () => {
    await nbd.start({ address })
    nbd.addExport(E0)
  }
  await begin()
  const client = await RawTransmission.open(address.path, 'simple')
  const [read, write] = [
    { command: READ, length: 1 },
    { command: WRITE, payload: randomBytes(20_000) },
  ]
  client.client.send(client.encode(read), client.encode(write).subarray(0, 10_000))
  await client.readReply()
  const stopped = nbd.stop(240_000)
  await expect(nbd.start({ address })).rejects.toThrow('NBD server already running')
  await nbd.stop(10)
  expect(nbd.exports).toEqual([])
  await begin()
  await stopped
  expect(nbd.exports).toHaveLength(1)
  client.client.stream.destroy()
})

test('of two who start it at once, one is refused', async () => {
  const { nbd, address } = await openHost()
  const second = { ...address, path: `${address.path}2` }
  const both = [nbd.start({ address }), nbd.start({ address: second })]
  const outcomes = await Promise.allSettled(both)
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(nbd.place).toBe(address.path)
})

test('one that cannot listen leaves its credentials unused, and can be started elsewhere', async () => {
  const { nbd, address, objects } = await openHost()
  const properties = { endpoint: 'server', dir: makeX509Folder() }
  objects.add({ type: 'tls-creds-x509', id: 't0', properties })
  const nowhere = { kind: 'unix', path: '/nosuch/nbd.sock' } as const
  await expect(nbd.start({ address: nowhere, credentials: 't0' })).rejects.toThrow('/nosuch')
  expect(nbd.place).toBeUndefined()
  await nbd.start({ address, credentials: 't0' })
  expect(() => objects.tls.remove('t0')).toThrow('in use')
  await nbd.stop()
  await expect(nbd.start({ address: nowhere, credentials: 't0' })).rejects.toThrow('/nosuch')
  objects.tls.remove('t0')
})

test('it takes the first port that is free, up to the last one', async () => {
  const { nbd } = await openHost()
  const holder = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void holder.close())
  await once(holder, 'listening')
  const { port } = holder.address() as { readonly port: number }
  const inet = { kind: 'inet', host: '127.0.0.1', port: `${port}` } as const
  await expect(nbd.start({ address: inet })).rejects.toThrow(`${port}`)
  await expect(nbd.start({ address: { ...inet, to: port } })).rejects.toThrow(`${port}`)
  // Any of the ports behind it may be taken by others.
  await nbd.start({ address: { ...inet, to: 65_535 } })
  expect((nbd.place as { readonly port: number }).port).toBeGreaterThan(port)
})

/** The flags that a client is told of an export. */
async function flagsOf(path: string, name = ''): Promise<number> {
  const client = await RawClient.greet(path)
  const replies = await client.option(NBD_OPT.INFO, encodeInfoOption({ name, information: [] }))
  client.stream.destroy()
  const told = replies.find(({ type, data }) => {
    return type === NBD_REP.INFO && data.readUInt16BE(0) === NBD_INFO.EXPORT
  })
  return told?.data.readUInt16BE(10) ?? 0
}

/** As QEMU 7.2 has it, for readers and writers alike. */
test('several connections to an export are offered where it takes more than one', async () => {
  const { nbd, address } = await openHost()
  for (const [connectionLimit, isShared] of [
    [undefined, true],
    [0, true],
    [1, false],
    [2, true],
  ] as const) {
    await nbd.start({ address, ...(connectionLimit === undefined ? {} : { connectionLimit }) })
    for (const isWritable of [true, false]) {
      nbd.addExport({ ...E0, isWritable })
      const flags = await flagsOf(address.path)
      // NBD_FLAG_CAN_MULTI_CONN
      expect([connectionLimit, isWritable, (flags & 0x100) !== 0]).toEqual([
        ...[connectionLimit, isWritable, isShared],
      ])
      await nbd.removeExport('e0', 'safe')
    }
    await nbd.stop()
  }
})

test('an export in use stays as it is, until its clients may be disconnected', async () => {
  const { nbd, nodes, address, deleted } = await openHost()
  await nbd.start({ address })
  nbd.addExport(E0)
  const client = await RawTransmission.open(address.path, 'simple')
  await client.call({ command: READ, length: 1 })
  await expect(nbd.removeExport('e0', 'safe')).rejects.toThrow('in use')
  expect(nbd.exports).toMatchObject([{ id: 'e0', isShuttingDown: false }])
  await expect(nodes.remove('n0')).rejects.toThrow('in use')
  const removed = nbd.removeExport('e0', 'hard')
  expect(nbd.exports).toMatchObject([{ id: 'e0', isShuttingDown: true }])
  await expect(nbd.removeExport('e0', 'hard')).rejects.toThrow("'e0' is not found")
  await removed
  expect(nbd.exports).toEqual([])
  expect(deleted).toEqual(['e0'])
  await nodes.remove('n0')
})

test('an export that cannot be offered does not hold its node', async () => {
  const { nbd, nodes, address } = await openHost()
  expect(() => nbd.addExport(E0)).toThrow('NBD server not running')
  await nbd.start({ address })
  const bitmaps = [{ name: 'b0' }]
  expect(() => nbd.addExport({ ...E0, bitmaps })).toThrow("Bitmap 'b0' is not found")
  await nodes.remove('n0')
})

test('the server that stops while an export is removed waits for that, and tells each end once', async () => {
  const { nbd, nodes, address, deleted, flush } = await openFileHost()
  const gate = Promise.withResolvers<void>()
  onTestFinished(() => gate.resolve())
  await nbd.start({ address })
  nbd.addExport({ ...E0, nodeName: 'f0' })
  nbd.addExport({ ...E0, id: 'e1', name: 'other' })
  flush.mockImplementationOnce(() => gate.promise)
  const removed = nbd.removeExport('e0', 'hard')
  const stopped = nbd.stop()
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(nbd.isEnding).toBe(true)
  expect(deleted).not.toContain('e0')
  gate.resolve()
  await Promise.all([removed, stopped])
  expect(deleted.toSorted()).toEqual(['e0', 'e1'])
  expect(nbd.exports).toEqual([])
  await nodes.remove('f0')
  await nodes.remove('n0')
})

test('what was written to an export is on disk when the export is gone, and at once where that is asked for', async () => {
  const { nbd, address, flush } = await openFileHost()
  await nbd.start({ address })
  const payload = randomBytes(512)
  const writeTo = async (options: object) => {
    nbd.addExport({ ...E0, nodeName: 'f0', ...options })
    const client = await RawTransmission.open(address.path, 'simple')
    const { error } = await client.call({ command: WRITE, payload })
    const atOnce = flush.mock.calls.length
    client.client.stream.destroy()
    await nbd.removeExport('e0', 'hard')
    const atEnd = flush.mock.calls.length - atOnce
    flush.mockClear()
    return { error, atOnce, atEnd }
  }
  expect(await writeTo({})).toEqual({ error: 0, atOnce: 0, atEnd: 1 })
  expect(await writeTo({ isWrittenThrough: true })).toEqual({ error: 0, atOnce: 1, atEnd: 1 })
  const readOnly = await writeTo({ isWritable: false, isWrittenThrough: true })
  // EPERM
  expect(readOnly).toMatchObject({ error: 1, atOnce: 0 })
})

test('a host that ends has ended its server, also one that waits for its clients', async () => {
  const { host, nbd, address } = await openHost()
  await nbd.start({ address })
  nbd.addExport(E0)
  const client = await RawTransmission.open(address.path, 'simple')
  const write = client.encode({ command: WRITE, payload: randomBytes(20_000) })
  client.client.send(client.encode({ command: READ, length: 1 }), write.subarray(0, 10_000))
  await client.readReply()
  const stopped = nbd.stop(100)
  expect(nbd.isEnding).toBe(true)
  await host.close()
  expect(nbd.isEnding).toBe(false)
  await stopped
  await nbd.start({ address })
  await host.close()
  expect(nbd.place).toBeUndefined()
  client.client.stream.destroy()
})

test('its clients are counted over every start', async () => {
  const traffic = new Traffic()
  const host = new HostEndpoints({ trafficOf: () => traffic })
  onTestFinished(() => host.close())
  const path = join(scratchFolder(), 'nbd.sock')
  for (const clients of [1, 2]) {
    await host.nbd.start({ address: { kind: 'unix', path } })
    const client = connect(path)
    onTestFinished(() => void client.destroy())
    await once(client, 'data')
    expect(traffic.accepted).toBe(clients)
    await host.nbd.stop(0)
  }
  expect(traffic.sent).toBeGreaterThan(0)
})
