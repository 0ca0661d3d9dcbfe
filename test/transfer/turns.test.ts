import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { FileStorage } from '../../src/nbd/storage/file-storage.ts'
import { Turns } from '../../src/transfer/turns.ts'
import { scratchFolder } from '../cli/command.ts'
import { RawTransmission } from '../nbd/server/raw-transmission.ts'
import { ScriptedStorage } from '../nbd/server/scripted-storage.ts'
import { eventually, exportOf, startServer } from '../nbd/server/test-server.ts'

test('one client after the other has its turn, however much each asks for', async () => {
  const turns = new Turns(1)
  const order: string[] = []
  const [greedy, modest] = [{}, {}]
  const work = (name: string) => async () => void order.push(name)
  const all = [1, 2, 3, 4, 5].map((count) => turns.take(greedy, work(`greedy ${count}`)))
  await Promise.all([...all, turns.take(modest, work('modest'))])
  expect(order).toEqual(['greedy 1', 'greedy 2', 'modest', 'greedy 3', 'greedy 4', 'greedy 5'])
})

test('so many are at work at a time, and others begin when there is room again', async () => {
  const turns = new Turns(2)
  let [atWork, most] = [0, 0]
  const work = async () => {
    most = Math.max(most, ++atWork)
    await setImmediate()
    atWork--
  }
  const [one, other] = [{}, {}]
  for (let round = 0; round < 3; round++) {
    most = 0
    await Promise.all([one, other, one, one, other].map((client) => turns.take(client, work)))
    expect([atWork, most]).toEqual([0, 2])
  }
})

test('work that fails gives its turn back', async () => {
  const turns = new Turns(1)
  const failing = () => turns.take({}, () => Promise.reject(new Error('no')))
  for (let count = 0; count < 3; count++) await expect(failing()).rejects.toThrow('no')
  expect(await turns.take({}, async () => 'done')).toBe('done')
})

test('a search for holes ends when its answer is not wanted any more', async () => {
  const path = join(scratchFolder(), 'checkered')
  const descriptor = openSync(path, 'w')
  ftruncateSync(descriptor, 64 * 8192)
  for (let page = 0; page < 64; page++) {
    writeSync(descriptor, Buffer.alloc(4096, 1), 0, 4096, page * 8192)
  }
  closeSync(descriptor)
  const storage = await FileStorage.open(path, { readOnly: true })
  expect(await storage.extents(0, 64 * 8192, 1024)).toHaveLength(128)
  expect(await storage.extents(0, 64 * 8192, 1024, () => false)).toHaveLength(1)
  await storage.close()
})

test('a client that has left is not searched for any more', async () => {
  const storage = new ScriptedStorage(1 << 20)
  let [begun, go] = [0, () => {}]
  const held = new Promise<void>((resolve) => {
    go = resolve
  })
  const extents = storage.extents.bind(storage)
  storage.extents = async (...range) => {
    begun++
    await held
    // A search takes system calls, and others have their turn meanwhile.
    await setImmediate()
    return extents(...range)
  }
  const { path, server } = await startServer({ exports: [exportOf(storage)] })
  const client = await RawTransmission.open(path, 'structured')
  client.client.send(client.encode({ command: 7, length: 512 }))
  expect(server.connectionCount).toBe(1)
  for (let count = 0; count < 63; count++) client.send({ command: 7, length: 512 })
  await eventually(() => begun === 4)
  client.client.stream.destroy()
  // The first reply that cannot be sent shows that the client has left.
  go()
  await eventually(() => server.connectionCount === 0)
  expect(begun).toBeLessThan(20)
})
