/** One client from its first option to its last reply: what is told of it, and what it may hold at a time. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ExportRegistry } from '../../../src/nbd/exports/export-registry.ts'
import { encodeExportName, encodeInfoOption } from '../../../src/nbd/protocol/option-data.ts'
import { encodeOption } from '../../../src/nbd/protocol/option-header.ts'
import { eventToJson, printEvent } from '../../../src/nbd/server/nbd-event-report.ts'
import type { ServerEvent } from '../../../src/nbd/server/server-event.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import type { StorageExtent, ZeroOptions } from '../../../src/nbd/storage/storage.ts'
import { encodeStatusFilter } from '../protocol/status-filter.ts'
import { RawClient } from './raw-client.ts'
import { RawTransmission, STYLES } from './raw-transmission.ts'
import { makeGate, ScriptedStorage } from './scripted-storage.ts'
import { eventually, exportOf, startServer } from './test-server.ts'

const MIB = 1 << 20

/** Numbers of the protocol. */
const [READ, WRITE, DISC, FLUSH, CACHE, WRITE_ZEROES, BLOCK_STATUS] = [0, 1, 2, 3, 5, 6, 7]
const [NO_HOLE, DF, REQ_ONE, FAST_ZERO] = [2, 4, 8, 16]
const [EXPORT_NAME, ABORT, LIST, STRUCTURED_REPLY, GO] = [1, 2, 3, 8, 7]
const [ACK, UNSUP, TOO_BIG] = [1, 0x8000_0001, 0x8000_0009]
const [EINVAL, EOVERFLOW, ESHUTDOWN] = [22, 75, 108]

function asked(name: string): Buffer {
  return encodeInfoOption({ name, information: [] })
}

describe('a client that leaves before it uses anything', () => {
  const DISK = [exportOf(new MemoryStorage(MIB), { name: 'disk' })]

  const UNKNOWN = "the client was refused NBD_OPT_GO: there is no export 'none'"

  test.each<[string, readonly (readonly [number, Buffer?])[], string | undefined]>([
    ['looked', [[LIST]], undefined],
    ['was refused an export', [[GO, asked('none')]], UNKNOWN],
    ['was refused an export, and then looked', [[GO, asked('none')], [LIST]], undefined],
    ['asked for an option that there is not', [[99]], undefined],
    ['said what nobody understands', [[GO, Buffer.from('x')]], undefined],
    ['asked for too much', [[LIST, Buffer.alloc(65_537)]], undefined],
  ])('%s: %#', async (_, options, message) => {
    for (const ending of ['ABORT', 'its end']) {
      const { path, server, events } = await startServer({ exports: DISK })
      const client = await RawClient.greet(path)
      for (const [option, data] of options) await client.option(option, data)
      if (ending === 'ABORT') expect(await client.outcome(ABORT)).toBe(ACK)
      client.stream.end()
      expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
      await eventually(() => server.connectionCount === 0)
      const last = events.at(-1)
      if (message === undefined && ending === 'ABORT') {
        expect(last).toMatchObject({ event: 'left', ending: 'negotiation ended' })
      } else {
        const code = message ? 'NBD_CLIENT_REFUSED' : 'ENDPOINT_CLIENT_LOST'
        expect(last).toMatchObject({ event: 'refused', diagnostics: [{ code }] })
        if (message) expect(last).toMatchObject({ diagnostics: [{ message }] })
      }
    }
  })

  test('does not count as one who was there, one who used an export does', async () => {
    let deserted = 0
    const onDeserted = () => deserted++
    const { path, server } = await startServer({ exports: DISK, onDeserted })
    const looking = await RawClient.greet(path)
    await looking.outcome(LIST)
    looking.stream.destroy()
    await eventually(() => server.connectionCount === 0)
    expect(deserted).toBe(0)
    const using = await RawTransmission.open(path, 'simple', 'disk')
    expect(await using.error({ command: READ, length: 1 })).toBe(0)
    using.client.stream.destroy()
    await eventually(() => deserted === 1)
  })

  test('is not waited for by a drain', async () => {
    const { path, server, events } = await startServer({ exports: DISK, handshakeLimit: 0 })
    const client = await RawClient.greet(path)
    await client.outcome(LIST)
    await server.drain(2 ** 31 - 1)
    expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
    expect(events.at(-1)).toMatchObject({ diagnostics: [{ code: 'ENDPOINT_CLIENT_LOST' }] })
  })
})

describe('the data of an option', () => {
  test('is looked at up to 65536 bytes, and skipped to the next option beyond', async () => {
    const client = await RawClient.greet((await startServer()).path)
    expect(await client.outcome(99, Buffer.alloc(65_536))).toBe(UNSUP)
    for (const length of [65_537, 131_072, 200_001]) {
      const [reply] = await client.option(LIST, Buffer.alloc(length))
      expect(reply?.type).toBe(TOO_BIG)
      expect(`${reply?.data}`).toBe('NBD_OPT_LIST may have 65536 bytes of data')
    }
    expect(await client.outcome(LIST)).toBe(ACK)
  })

  test('that is the name of an export ends the connection where it is too long', async () => {
    for (const [length, code] of [
      [65_536, 'ENDPOINT_CLIENT_BROKE_PROTOCOL'],
      [65_537, 'NBD_CLIENT_REFUSED'],
    ] as const) {
      const { path, events } = await startServer()
      const client = await RawClient.greet(path)
      client.send(encodeOption(EXPORT_NAME, Buffer.alloc(length, 'x')))
      expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
      client.stream.destroy()
      await eventually(() => events.length > 1)
      expect(events[1]).toMatchObject({ event: 'refused', diagnostics: [{ code }] })
    }
  })
})

describe('what is told of a client', () => {
  test.each([
    [true, "#1 a test: uses export 'disk' (read-only, in clear)"],
    [false, "#1 a test: uses export 'disk' (read-write, in clear)"],
  ])('is the export that it uses (read-only: %s)', async (isReadOnly, line) => {
    const exports = [exportOf(new MemoryStorage(MIB), { name: 'disk', isReadOnly })]
    const { path, events } = await startServer({ exports })
    const transmission = await RawTransmission.open(path, 'simple', 'disk')
    await transmission.call({ command: FLUSH })
    const serving = { ...(events[1] as ServerEvent), from: 'a test' }
    expect(serving).toEqual({
      ...{ connection: 1, from: 'a test', event: 'serving', export: 'disk' },
      ...{ readOnly: isReadOnly, isSecured: false },
    })
    expect(printEvent(serving)).toBe(line)
    const secured = { ...serving, isSecured: true } as ServerEvent
    expect(printEvent(secured)).toBe(line.replace(', in clear', ''))
    expect(JSON.parse(eventToJson(serving, new Date(0)))).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      ...serving,
    })
  })

  test('is where its storage has failed', async () => {
    const storage = new ScriptedStorage(MIB)
    storage.failAt('read', 'EIO')
    const { path, events } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, 'structured')
    await transmission.call({ command: READ, offset: 512, length: 10 })
    const failed = events.find(({ event }) => event === 'failed') as ServerEvent
    const message = "export '': NBD_CMD_READ at 512 failed: input/output error"
    expect(failed).toMatchObject({ diagnostic: { code: 'NBD_STORAGE_FAILED', message } })
    expect(printEvent({ ...failed, from: 'a test' })).toContain(`#1 a test: `)
    expect(printEvent(failed)).toContain(message)
    const told = JSON.parse(eventToJson(failed, new Date(0)))
    expect(told).toMatchObject({ event: 'failed', diagnostic: { code: 'NBD_STORAGE_FAILED' } })
  })
})

test('an export that is removed while a client chooses it is not served, and one in use no longer', async () => {
  const served = exportOf(new MemoryStorage(MIB), { name: 'disk' })
  const exports = new ExportRegistry([served])
  const { path, server, events } = await startServer({ exports })
  const transmission = await RawTransmission.open(path, 'simple', 'disk')
  await transmission.call({ command: FLUSH })
  await exports.remove('disk', 'hard')
  expect(await transmission.client.readToEnd()).toEqual(Buffer.alloc(0))
  await eventually(() => server.connectionCount === 0)
  expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'export removed' })
  exports.add(served)
  const { use } = exports
  exports.use = (...given) => {
    exports.use = use
    // Between the answer to NBD_OPT_GO and the first request.
    void exports.remove('disk')
    return use.apply(exports, given)
  }
  const late = await RawTransmission.open(path, 'simple', 'disk')
  expect(await late.client.readToEnd()).toEqual(Buffer.alloc(0))
  await eventually(() => server.connectionCount === 0)
  expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'export removed' })
})

test('whatever becomes of requests whose export was removed, that is why their client left', async () => {
  const storage = new ScriptedStorage(MIB)
  const gate = makeGate()
  let begun = 0
  storage.before = async () => {
    begun++
    await gate.passed
    throw new TypeError('the storage is no more')
  }
  const exports = new ExportRegistry([exportOf(storage, { name: 'disk' })])
  const { path, server, events } = await startServer({ exports })
  const transmission = await RawTransmission.open(path, 'simple', 'disk')
  transmission.send({ command: FLUSH })
  await eventually(() => begun === 1)
  const removed = exports.remove('disk', 'hard')
  await eventually(() => server.connectionCount === 0)
  gate.open()
  await removed
  await eventually(() => events.at(-1)?.event !== 'serving')
  expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'export removed' })
})

/** A gate that each operation waits at, and how many have come to it. */
function gateBefore(storage: ScriptedStorage) {
  const { open, passed } = makeGate()
  const gate = { open, begun: 0 }
  storage.before = () => {
    gate.begun++
    return passed
  }
  return gate
}

describe.each(STYLES)('of a client with %s replies', (style) => {
  test('64 requests are served at a time', async () => {
    const storage = new ScriptedStorage(MIB)
    const gate = gateBefore(storage)
    const { path } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, style)
    const calls = Array.from({ length: 100 }, () => ({ command: FLUSH }))
    transmission.client.send(...calls.map((call) => transmission.encode(call)))
    await eventually(() => gate.begun >= 64)
    for (let count = 0; count < 10; count++) await turn()
    expect(gate.begun).toBe(64)
    gate.open()
    const replies = await transmission.readReplies(100)
    expect([...replies.values()].every(({ error }) => error === 0)).toBe(true)
  })

  test('a mistake of ours ends the connection, and no reply pretends to be one', async () => {
    const breaking = [
      ['flush', { command: FLUSH }],
      ['read', { command: READ, length: 100 }],
      ['write', { command: WRITE, payload: Buffer.alloc(100) }],
    ] as const
    for (const [operation, call] of breaking) {
      const storage = new ScriptedStorage(MIB)
      storage.before = (found) => {
        if (found === operation) throw new TypeError('a mistake')
      }
      const { path, server, events } = await startServer({ exports: [exportOf(storage)] })
      const other = await RawTransmission.open(path, style)
      const transmission = await RawTransmission.open(path, style)
      transmission.send(call)
      expect(await transmission.client.readToEnd()).toEqual(Buffer.alloc(0))
      await eventually(() => server.connectionCount === 1)
      const code = 'ENDPOINT_OWN_MISTAKE'
      expect(events.at(-1)).toMatchObject({ event: 'refused', diagnostics: [{ code }] })
      storage.before = () => {}
      expect(await other.error({ command: FLUSH })).toBe(0)
    }
  })

  test('bytes behind its last request, and too few for another, end it as a closed one', async () => {
    const { path, server, events } = await startServer()
    const transmission = await RawTransmission.open(path, style)
    const bytes = transmission.encode({ command: FLUSH })
    transmission.client.stream.end(Buffer.concat([bytes, bytes.subarray(0, 10)]))
    expect((await transmission.readReply()).error).toBe(0)
    expect(await transmission.client.readToEnd()).toEqual(Buffer.alloc(0))
    await eventually(() => server.connectionCount === 0)
    expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'closed' })
  })

  test('nothing is asked of it once it has said that it leaves', async () => {
    const { path, server, events } = await startServer()
    const transmission = await RawTransmission.open(path, style)
    transmission.send({ command: DISC })
    expect(await transmission.client.readToEnd()).toEqual(Buffer.alloc(0))
    await eventually(() => server.connectionCount === 0)
    expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'disconnected' })
  })

  test('a drain waits for what is under way, and refuses what comes meanwhile', async () => {
    const storage = new ScriptedStorage(MIB)
    const gate = gateBefore(storage)
    const { path, server, events } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, style)
    const first = transmission.send({ command: FLUSH })
    await eventually(() => gate.begun === 1)
    const drained = server.drain(2 ** 31 - 1)
    const late = transmission.send({ command: FLUSH })
    expect(await transmission.readReply()).toMatchObject({ cookie: late, error: ESHUTDOWN })
    gate.open()
    expect(await transmission.readReply()).toMatchObject({ cookie: first, error: 0 })
    expect(await transmission.client.readToEnd()).toEqual(Buffer.alloc(0))
    transmission.client.stream.destroy()
    await drained
    expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'drained' })
    expect(gate.begun).toBe(1)
  })

  test('a drain that cuts it is told when what is under way has ended', async () => {
    const storage = new ScriptedStorage(MIB)
    const gate = gateBefore(storage)
    const { path, server, events } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, style)
    transmission.send({ command: FLUSH })
    await eventually(() => gate.begun === 1)
    await server.drain(0)
    await eventually(() => server.connectionCount === 0)
    expect(events.at(-1)?.event).toBe('serving')
    gate.open()
    await eventually(() => events.at(-1)?.event !== 'serving')
    expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'closed' })
  })

  test('large data is written in pieces that begin with blocks', async () => {
    const offsets: number[] = []
    const storage = new ScriptedStorage(4 * MIB)
    storage.before = (operation, offset) => {
      if (operation === 'write') offsets.push(offset)
    }
    const { path } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, style)
    const payload = Buffer.alloc(600_000, 'data ')
    expect(await transmission.error({ command: WRITE, offset: 1000, payload })).toBe(0)
    expect(offsets).toEqual([1000, 262_144, 524_288])
    offsets.length = 0
    // What fits into one piece is not cut.
    const fitting = { command: WRITE, offset: 1000, payload: payload.subarray(0, 262_144) }
    expect(await transmission.error(fitting)).toBe(0)
    expect(offsets).toEqual([1000])
    const { data } = await transmission.call({ command: READ, offset: 1000, length: 600_000 })
    expect(data.equals(payload)).toBe(true)
  })

  test('advice about more than 32 MiB is taken about 32 MiB', async () => {
    const read: (readonly [number, number])[] = []
    class Noting extends ScriptedStorage {
      override async read(target: Buffer, at: number, length: number, offset: number) {
        read.push([offset, length])
        await super.read(target, at, length, offset)
      }
    }
    const { path } = await startServer({ exports: [exportOf(new Noting(64 * MIB))] })
    const transmission = await RawTransmission.open(path, style)
    expect(await transmission.error({ command: CACHE, offset: 5, length: 48 * MIB })).toBe(0)
    const piece = 262_144
    expect(read).toEqual(Array.from({ length: 128 }, (_, index) => [5 + index * piece, piece]))
  })

  test('zeroes say whether their space is to be kept, and whether they have to be fast', async () => {
    const asked: ZeroOptions[] = []
    class Noting extends MemoryStorage {
      override async zero(offset: number, length: number, options: ZeroOptions) {
        asked.push(options)
        await super.zero(offset, length, options)
      }
    }
    const { path } = await startServer({ exports: [exportOf(new Noting(MIB))] })
    const transmission = await RawTransmission.open(path, style)
    for (const flags of [0, NO_HOLE, FAST_ZERO, NO_HOLE | FAST_ZERO]) {
      const call = { command: WRITE_ZEROES, flags, length: 4096 }
      expect(await transmission.error(call)).toBe(0)
    }
    expect(asked.map(({ keepAllocated, fast }) => [keepAllocated, fast])).toEqual([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ])
  })
})

describe.each(['structured', 'extended'] as const)('%s replies', (style) => {
  /** NBD_REPLY_TYPE_OFFSET_DATA and NBD_REPLY_TYPE_OFFSET_HOLE. */
  const [DATA, HOLE] = [1, 2]

  test('say where a hole is, of 64 KiB and more', async () => {
    const storage = new MemoryStorage(4 * MIB)
    await storage.write([Buffer.alloc(65_536, 'x')], MIB)
    const { path } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, style)
    for (const [offset, length, chunks, flags = 0] of [
      [0, 65_536, [HOLE]],
      [0, 65_535, [DATA]],
      [0, 65_536, [DATA], DF],
      [MIB, 65_536, [DATA]],
      [MIB - 10, 65_556, [HOLE, DATA]],
      [MIB, 2 * MIB, [DATA, HOLE]],
      [2 * MIB, 2 * MIB, [HOLE]],
    ] as const) {
      const reply = await transmission.call({ command: READ, flags, offset, length })
      expect(reply.chunks, `${offset} ${length}`).toEqual(chunks)
      const expected = Buffer.alloc(length)
      await storage.read(expected, 0, length, offset)
      expect(reply.data.equals(expected)).toBe(true)
    }
  })

  test('bring no data where nothing is read', async () => {
    const { path } = await startServer()
    const transmission = await RawTransmission.open(path, style)
    for (const flags of [0, DF]) {
      const { chunks, error } = await transmission.call({ command: READ, flags, offset: 5 })
      // NBD_REPLY_TYPE_NONE.
      expect([chunks, error]).toEqual([[0], 0])
    }
  })

  test('bring data in chunks of 256 KiB, or in one where that is asked for', async () => {
    const storage = new MemoryStorage(4 * MIB)
    await storage.write([Buffer.alloc(4 * MIB, 'x')], 0)
    const { path } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, style)
    for (const [length, count] of [
      [262_144, 1],
      [262_145, 2],
      [MIB, 4],
    ] as const) {
      const { chunks } = await transmission.call({ command: READ, length })
      expect(chunks).toEqual(Array(count).fill(DATA))
    }
    const whole = { command: READ, flags: DF, length: 262_144 }
    expect((await transmission.call(whole)).chunks).toEqual([DATA])
    expect(await transmission.error({ ...whole, length: 262_145 })).toBe(EOVERFLOW)
  })

  test('tell of 1024 extents at most, of one where that is asked for', async () => {
    const limits: number[] = []
    class Checkered extends MemoryStorage {
      override async extents(
        _: number,
        __: number,
        limit: number,
      ): Promise<readonly StorageExtent[]> {
        limits.push(limit)
        return Array.from({ length: limit }, (_, index) => ({
          ...{ length: 4096, isHole: index % 4 > 1, isZero: index % 2 > 0 },
        }))
      }
    }
    const { path } = await startServer({ exports: [exportOf(new Checkered(64 * MIB))] })
    const transmission = await RawTransmission.open(path, style)
    const call = { command: BLOCK_STATUS, length: 64 * MIB }
    const { extents } = await transmission.call(call)
    expect(extents).toHaveLength(1024)
    // NBD_STATE_HOLE is 1, NBD_STATE_ZERO is 2.
    expect(extents.slice(0, 5).map(({ status }) => status)).toEqual([0, 2, 1, 3, 0])
    expect((await transmission.call({ ...call, flags: REQ_ONE })).extents).toHaveLength(1)
    expect(limits).toEqual([1024, 1])
  })
})

test('data of 32 MiB is taken in one request', async () => {
  const { path } = await startServer()
  const transmission = await RawTransmission.open(path, 'simple')
  const payload = Buffer.alloc(32 * MIB, 'data ')
  expect(await transmission.error({ command: WRITE, payload })).toBe(0)
  const { data } = await transmission.call({ command: READ, offset: 32 * MIB - 7, length: 7 })
  expect(data.equals(payload.subarray(-7))).toBe(true)
})

test('block status of a chosen context reaches to the last byte, and not where none was agreed', async () => {
  const { path } = await startServer({ exports: [exportOf(new MemoryStorage(MIB))] })
  const transmission = await RawTransmission.open(path, 'extended')
  const payload = encodeStatusFilter({ length: MIB - 10, contextIds: [1] })
  const call = { command: BLOCK_STATUS, payload }
  expect(await transmission.error({ ...call, offset: 10 })).toBe(0)
  expect(await transmission.error({ ...call, offset: 11 })).toBe(EINVAL)
  const client = await RawClient.greet(path)
  await client.outcome(11)
  await client.outcome(GO, asked(''))
  const blind = new RawTransmission(client, 'extended')
  expect(await blind.error(call)).toBe(EINVAL)
  expect(await blind.error({ command: BLOCK_STATUS, length: 10 })).toBe(EINVAL)
})

test('a name in the old way begins the transmission too, with what was agreed', async () => {
  const exports = [exportOf(new MemoryStorage(MIB), { name: 'disk' })]
  const { path } = await startServer({ exports })
  const client = await RawClient.greet(path)
  await client.outcome(STRUCTURED_REPLY)
  client.send(encodeOption(EXPORT_NAME, encodeExportName('disk')))
  const reply = await client.channel.read(10)
  expect(reply.readBigUInt64BE()).toBe(BigInt(MIB))
  // NBD_FLAG_SEND_DF belongs to structured replies.
  expect(reply.readUInt16BE(8) & 0x80).toBe(0x80)
  const transmission = new RawTransmission(client, 'structured')
  expect(await transmission.error({ command: READ, length: 4096 })).toBe(0)
})
