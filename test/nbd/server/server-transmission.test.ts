import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { NBD_CMD, NBD_CMD_FLAG, NBD_ERROR } from '../../../src/nbd/protocol/constants.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import type { StorageExtent, ZeroOptions } from '../../../src/nbd/storage/storage.ts'
import { BufferPool } from '../../../src/transfer/buffer-pool.ts'
import { Random } from '../../fuzz/random.ts'
import { type Call, RawTransmission, type Reply, STYLES } from './raw-transmission.ts'
import { makeGate, ScriptedStorage } from './scripted-storage.ts'
import { eventually, exportOf, startServer } from './test-server.ts'

const MIB = 1 << 20
const { READ, WRITE, FLUSH, DISC, TRIM } = NBD_CMD

async function startWith(storage: MemoryStorage, memoryLimit?: number) {
  return startServer({
    exports: [exportOf(storage)],
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  })
}

/** A storage full of random bytes. */
async function filled(storage: MemoryStorage): Promise<Buffer> {
  const content = randomBytes(storage.size)
  await storage.write([content], 0)
  return content
}

function expectData(
  calls: readonly Call[],
  replies: ReadonlyMap<number, Reply>,
  content: Buffer,
): void {
  for (const [index, { offset: place = 0, length = 0 }] of calls.entries()) {
    const offset = Number(place)
    const reply = replies.get(index + 1)
    expect(reply?.error).toBe(0)
    expect(reply?.data.equals(content.subarray(offset, offset + length))).toBe(true)
  }
}

describe.each(STYLES)('%s replies', (style) => {
  test.each([
    ['at once', false],
    ['later', true],
  ])('reads of all sizes in flight come whole when the storage answers %s', async (_, isSlow) => {
    const storage = isSlow ? new ScriptedStorage(48 * MIB) : new MemoryStorage(48 * MIB)
    const content = await filled(storage)
    const random = new Random(7)
    if (storage instanceof ScriptedStorage) {
      // The client that asked first is not served first.
      storage.before = () => new Promise((resolve) => setTimeout(resolve, random.below(3)))
    }
    const { path } = await startWith(storage)
    const transmission = await RawTransmission.open(path, style)
    const sizes = [1, 512, 4096, 16_384, 65_536, 262_144, 262_145, 3 * MIB, 32 * MIB]
    const calls = Array.from({ length: 60 }, (_, index) => {
      const length = index % 20 === 5 ? random.pick(sizes) : random.pick(sizes.slice(0, 7))
      return { command: READ, offset: random.below(16 * MIB), length }
    })
    const more = [
      { command: READ, offset: 5, length: 32 * MIB },
      { command: READ, length: 1 },
    ]
    const all = [...more, ...calls, ...more]
    for (const call of all) transmission.send(call)
    expectData(all, await transmission.readReplies(all.length), content)
  })

  test('who half-closes the connection gets a reply to all that was asked before', async () => {
    const storage = new ScriptedStorage(4 * MIB)
    const content = await filled(storage)
    storage.before = () => new Promise((resolve) => setImmediate(resolve))
    const { path, server, events } = await startWith(storage)
    const transmission = await RawTransmission.open(path, style)
    const calls = Array.from({ length: 300 }, (_, index) => ({
      command: READ,
      offset: index * 4096,
      length: 4096,
    }))
    transmission.client.stream.end(Buffer.concat(calls.map((call) => transmission.encode(call))))
    expectData(calls, await transmission.readReplies(calls.length), content)
    expect(await transmission.client.readToEnd()).toEqual(Buffer.alloc(0))
    await eventually(() => server.connectionCount === 0)
    expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'closed' })
  })

  test('who leaves in the middle of what it writes is told of so', async () => {
    const { path, server, events } = await startWith(new MemoryStorage(4 * MIB))
    const transmission = await RawTransmission.open(path, style)
    const write = transmission.encode({ command: WRITE, length: MIB, payload: randomBytes(MIB) })
    transmission.client.stream.end(write.subarray(0, MIB / 2))
    await eventually(() => server.connectionCount === 0)
    expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'closed within a request' })
  })

  test('DISC ends the connection when what came before it is done; what comes after is not', async () => {
    const storage = new ScriptedStorage(MIB)
    const gate = makeGate()
    storage.before = () => gate.passed
    const { path, server, events } = await startWith(storage)
    const transmission = await RawTransmission.open(path, style)
    const payload = randomBytes(4096)
    transmission.send({ command: WRITE, payload })
    transmission.send({ command: DISC })
    transmission.send({ command: WRITE, offset: 8192, payload })
    gate.open()
    expect((await transmission.readReply()).error).toBe(0)
    expect(await transmission.client.readToEnd()).toEqual(Buffer.alloc(0))
    transmission.client.stream.destroy()
    await eventually(() => server.connectionCount === 0)
    expect(storage.done).toEqual(['write'])
    expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'disconnected' })
  })

  test('a drain finishes what is under way and refuses what comes after', async () => {
    const storage = new ScriptedStorage(MIB)
    const gate = makeGate()
    let hasBegun = false
    storage.before = () => {
      hasBegun = true
      return gate.passed
    }
    const { path, server } = await startWith(storage)
    const transmission = await RawTransmission.open(path, style)
    const idle = await RawTransmission.open(path, style)
    const payload = randomBytes(20_000)
    const cut = transmission.encode({ command: WRITE, payload })
    const read = transmission.encode({ command: READ, length: 4096 })
    transmission.client.send(read, cut.subarray(0, 10_000))
    await eventually(() => hasBegun)
    const drained = server.drain(60_000)
    expect(await idle.client.readToEnd()).toEqual(Buffer.alloc(0))
    transmission.client.send(cut.subarray(10_000))
    const late = transmission.send({ command: FLUSH })
    const first = await transmission.readReply()
    expect(first).toMatchObject({ cookie: late, error: NBD_ERROR.ESHUTDOWN })
    gate.open()
    const rest = await transmission.readReplies(2)
    expect([...rest.values()].map(({ error }) => error)).toEqual([0, 0])
    expect(await transmission.client.readToEnd()).toEqual(Buffer.alloc(0))
    for (const { client } of [transmission, idle]) client.stream.destroy()
    await drained
  })

  test('a drain of a server without connections ends at once', async () => {
    const { path, server } = await startWith(new MemoryStorage(MIB))
    const transmission = await RawTransmission.open(path, style)
    transmission.client.stream.destroy()
    await eventually(() => server.connectionCount === 0)
    await server.drain(2 ** 31 - 1)
    await expect(RawTransmission.open(path, style)).rejects.toThrow(/ECONNREFUSED|ENOENT/)
  })

  test('a drain that takes too long cuts the connection', async () => {
    const storage = new ScriptedStorage(MIB)
    const gate = makeGate()
    storage.before = () => gate.passed
    const { path, server } = await startWith(storage)
    const transmission = await RawTransmission.open(path, style)
    transmission.send({ command: READ, length: 4096 })
    await eventually(() => server.connectionCount === 1)
    await server.drain(10)
    expect(await transmission.client.readToEnd()).toEqual(Buffer.alloc(0))
    gate.open()
  })

  test('bytes that are no request end the connection with a reason', async () => {
    const { path, events, server } = await startWith(new MemoryStorage(MIB))
    const transmission = await RawTransmission.open(path, style)
    transmission.client.send(transmission.encode({ command: FLUSH }), Buffer.alloc(64, 'x'))
    await transmission.client.readToEnd()
    await eventually(() => server.connectionCount === 0)
    expect(events.at(-1)).toMatchObject({
      event: 'refused',
      diagnostics: [{ code: 'ENDPOINT_CLIENT_BROKE_PROTOCOL' }],
    })
  })

  test('requests that come byte by byte are served', async () => {
    const { path } = await startWith(new MemoryStorage(MIB))
    const transmission = await RawTransmission.open(path, style)
    const payload = randomBytes(100)
    for (const byte of transmission.encode({ command: WRITE, payload })) {
      transmission.client.send(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await transmission.readReply()).error).toBe(0)
    const { data } = await transmission.call({ command: READ, length: 100 })
    expect(data.equals(payload)).toBe(true)
  })

  test('a client that vanishes in the middle of a payload leaves nothing behind', async () => {
    const storage = new ScriptedStorage(4 * MIB)
    const { path, server } = await startWith(storage)
    for (const kept of [40, 1000, 300_000]) {
      const transmission = await RawTransmission.open(path, style)
      const bytes = transmission.encode({ command: WRITE, payload: Buffer.alloc(MIB) })
      transmission.client.stream.end(bytes.subarray(0, kept))
      await transmission.client.readToEnd()
    }
    await eventually(() => server.connectionCount === 0)
  })
})

test('a reply of many pieces is ended with the connection where the storage fails in its middle', async () => {
  const storage = new ScriptedStorage(8 * MIB)
  const { path, events } = await startWith(storage)
  const simple = await RawTransmission.open(path, 'simple')
  let reads = 0
  storage.before = (operation) => {
    if (operation === 'read' && ++reads > 20) storage.failAt('read', 'EIO')
  }
  const bytes = simple.encode({ command: READ, length: 4 * MIB })
  simple.client.send(bytes)
  const answer = await simple.client.channel.read(16)
  expect(answer.readUInt32BE(4)).toBe(0)
  await expect(simple.client.channel.read(4 * MIB)).rejects.toThrow('the connection ended')
  expect(events.at(-1)).toMatchObject({ event: 'refused' })
})

test.each(['structured', 'extended'] as const)(
  'of a client that takes no %s replies, little is read before it takes them',
  async (style) => {
    const storage = new ScriptedStorage(32 * MIB)
    const { path } = await startWith(storage)
    const lazy = await RawTransmission.open(path, style)
    const other = await RawTransmission.open(path, style)
    let pieces = 0
    storage.before = (operation) => {
      if (operation === 'read') pieces++
    }
    lazy.send({ command: READ, length: 32 * MIB })
    await eventually(() => pieces > 0)
    for (let round = 0; round < 100; round++) await other.call({ command: FLUSH })
    // Of 128 pieces: as many as its share of the memory and the buffers of a socket take.
    expect(pieces).toBeLessThan(32)
    expect((await lazy.readReply()).data.length).toBe(32 * MIB)
    expect(pieces).toBe(128)
  },
)

test.each([
  ['at once', false],
  ['later', true],
])(
  'every buffer of a read goes back to the pool where the storage answers %s',
  async (_, isSlow) => {
    const [take, give] = (['take', 'give'] as const).map((name) =>
      vi.spyOn(BufferPool.prototype, name),
    )
    onTestFinished(() => {
      vi.restoreAllMocks()
    })
    const storage = isSlow ? new ScriptedStorage(2 * MIB) : new MemoryStorage(2 * MIB)
    await filled(storage)
    const { path } = await startWith(storage)
    for (const style of STYLES) {
      const transmission = await RawTransmission.open(path, style)
      for (const length of [1, 16_384, 65_536, 262_144, MIB]) {
        expect(await transmission.error({ command: READ, length })).toBe(0)
      }
      if (storage instanceof ScriptedStorage) {
        storage.failAt('read', 'EIO')
        expect(await transmission.error({ command: READ, length: 65_536 })).toBe(NBD_ERROR.EIO)
        storage.before = () => {}
      }
      transmission.client.stream.destroy()
    }
    expect(take?.mock.calls.length).toBeGreaterThan(10)
    await eventually(() => give?.mock.calls.length === take?.mock.calls.length)
  },
)

test('a flush on one connection covers what was acknowledged on another', async () => {
  const storage = new ScriptedStorage(MIB)
  const { path } = await startWith(storage)
  const [one, other] = await Promise.all([0, 1].map(() => RawTransmission.open(path, 'structured')))
  const flags = NBD_CMD_FLAG.FUA
  await one!.call({ command: WRITE, payload: Buffer.alloc(10) })
  await other!.call({ command: FLUSH })
  await one!.call({ command: TRIM, length: 10, flags })
  expect(storage.done).toEqual(['write', 'flush', 'trim', 'flush'])
})

test('nothing behind a request that ends the connection is taken, also when earlier ones end later', async () => {
  const storage = new ScriptedStorage(MIB)
  const gate = makeGate()
  storage.before = (operation) => (operation === 'flush' ? gate.passed : undefined)
  const { path, server } = await startWith(storage)
  const transmission = await RawTransmission.open(path, 'simple')
  const tooLong = { command: WRITE, length: 33 * MIB }
  const write = { command: WRITE, payload: Buffer.alloc(512, 'x') }
  const calls = [{ command: FLUSH }, tooLong, write]
  transmission.client.send(Buffer.concat(calls.map((call) => transmission.encode(call))))
  await eventually(() => server.connectionCount === 0)
  gate.open()
  await eventually(() => storage.done.includes('flush'))
  await pause(20)
  expect(storage.done).toEqual(['flush'])
})

test('what a client sends behind its good-bye costs next to nothing while its requests go on', async () => {
  const storage = new ScriptedStorage(MIB)
  const gate = makeGate()
  storage.before = (operation) => (operation === 'flush' ? gate.passed : undefined)
  const { path, server } = await startWith(storage)
  const transmission = await RawTransmission.open(path, 'simple')
  for (const command of [FLUSH, DISC]) transmission.send({ command })
  const before = process.threadCpuUsage()
  const flood = Buffer.alloc(64 * MIB)
  await new Promise((resolve) => transmission.client.stream.write(flood, resolve))
  const { user, system } = process.threadCpuUsage(before)
  expect((user + system) / 1_000_000).toBeLessThan(2)
  gate.open()
  expect((await transmission.readReply()).error).toBe(0)
  await eventually(() => server.connectionCount === 0)
})

test('zeroes that are written for a client end when it has left', async () => {
  let isEnded = false
  class EndlessZeroing extends MemoryStorage {
    override async zero(_: number, __: number, { isWanted }: ZeroOptions): Promise<void> {
      while (isWanted?.()) await pause(5)
      isEnded = true
    }
  }
  const storage = new EndlessZeroing(MIB)
  await filled(storage)
  const { path, server } = await startWith(storage)
  const transmission = await RawTransmission.open(path, 'structured')
  transmission.client.send(transmission.encode({ command: NBD_CMD.WRITE_ZEROES, length: MIB }))
  // With data that it has not read, a client that closes the connection resets it.
  for (let count = 0; count < 32; count++) transmission.send({ command: READ, length: MIB })
  await transmission.client.channel.read(16)
  expect(isEnded).toBe(false)
  transmission.client.stream.destroy()
  await eventually(() => server.connectionCount === 0 && isEnded)
})

test('searches for holes for a client end when it has left, and those that wait never begin', async () => {
  let [begun, ended] = [0, 0]
  class EndlessHoles extends MemoryStorage {
    /** Otherwise reads would search too. */
    override readonly isSparse = false
    override async extents(
      _: number,
      length: number,
      __: number,
      isWanted?: () => boolean,
    ): Promise<readonly StorageExtent[]> {
      begun++
      while (isWanted?.()) await pause(5)
      ended++
      return [{ length, isHole: true, isZero: true }]
    }
  }
  const storage = new EndlessHoles(MIB)
  await filled(storage)
  const { path, server } = await startWith(storage)
  const leaving = await RawTransmission.open(path, 'structured')
  for (let count = 0; count < 32; count++) {
    leaving.send({ command: NBD_CMD.BLOCK_STATUS, length: MIB })
  }
  // With data that it has not read, a client that closes the connection resets it.
  for (let count = 0; count < 32; count++) leaving.send({ command: READ, length: MIB })
  await leaving.client.channel.read(16)
  expect(ended).toBe(0)
  leaving.client.stream.destroy()
  await eventually(() => server.connectionCount === 0)
  await eventually(() => ended === begun)
  // As many as are under way at the same time for all clients.
  expect(begun).toBeLessThanOrEqual(4)
})
