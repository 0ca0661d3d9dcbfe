import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  BASE_ALLOCATION,
  NBD_CMD,
  NBD_CMD_FLAG,
  NBD_ERROR,
  NBD_OPT,
  NBD_REPLY_TYPE,
} from '../../../src/nbd/protocol/constants.ts'
import { encodeInfoOption, encodeMetaContextOption } from '../../../src/nbd/protocol/option-data.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { encodeStatusFilter } from '../protocol/status-filter.ts'
import { RawClient } from './raw-client.ts'
import { type Call, RawTransmission, STYLES } from './raw-transmission.ts'
import { type Operation, ScriptedStorage } from './scripted-storage.ts'
import { exportOf, startServer } from './test-server.ts'

const MIB = 1 << 20
const SIZE = 64 * MIB
const { READ, WRITE, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS } = NBD_CMD
const { EPERM, EIO, ENOMEM, EINVAL, ENOSPC, EOVERFLOW, ENOTSUP } = NBD_ERROR
const { FUA, NO_HOLE, DF, REQ_ONE, FAST_ZERO, PAYLOAD_LEN } = NBD_CMD_FLAG

/** The connection still serves: what was written before it is read again. */
async function expectUsable(transmission: RawTransmission): Promise<void> {
  const payload = randomBytes(512)
  expect(await transmission.error({ command: WRITE, offset: 512, payload })).toBe(0)
  const reply = await transmission.call({ command: READ, offset: 512, length: 512 })
  expect(reply.data.equals(payload)).toBe(true)
}

describe.each(STYLES)('%s replies', (style) => {
  const hasChunks = style !== 'simple'
  const open = async () => RawTransmission.open((await startServer()).path, style)

  test.each<[string, Call, number]>([
    ['a read of the last byte', { command: READ, offset: SIZE - 1, length: 1 }, 0],
    ['a read beyond the end', { command: READ, offset: SIZE - 1, length: 2 }, EINVAL],
    ['a read far away', { command: READ, offset: 2 ** 53, length: 1 }, EINVAL],
    ['a read of nothing', { command: READ, offset: 5 }, 0],
    ['a read of nothing at the end', { command: READ, offset: SIZE }, 0],
    ['a read of nothing beyond the end', { command: READ, offset: SIZE + 1 }, EINVAL],
    ['a read of 32 MiB', { command: READ, length: 32 * MIB }, 0],
    ['a read of more', { command: READ, length: 32 * MIB + 1 }, EINVAL],
    [
      'a write beyond the end',
      { command: WRITE, offset: SIZE - 1, payload: Buffer.alloc(2) },
      ENOSPC,
    ],
    ['a write of nothing', { command: WRITE, offset: 7 }, 0],
    ['a flush', { command: FLUSH }, 0],
    ['a flush with a range', { command: FLUSH, offset: SIZE * 2, length: 77 }, 0],
    ['a trim to the end', { command: TRIM, offset: SIZE - 1, length: 1 }, 0],
    ['a trim beyond the end', { command: TRIM, offset: SIZE - 1, length: 2 }, EINVAL],
    ['a trim of nothing', { command: TRIM }, 0],
    ['zeroes to the end', { command: WRITE_ZEROES, offset: 1, length: SIZE - 1 }, 0],
    ['zeroes beyond the end', { command: WRITE_ZEROES, offset: 1, length: SIZE }, ENOSPC],
    ['zeroes on nothing', { command: WRITE_ZEROES }, 0],
    ['fast zeroes', { command: WRITE_ZEROES, flags: FAST_ZERO, length: MIB }, 0],
    ['zeroes without a hole', { command: WRITE_ZEROES, flags: NO_HOLE | FUA, length: MIB }, 0],
    ['caching all', { command: CACHE, length: SIZE }, 0],
    ['caching beyond the end', { command: CACHE, length: SIZE + 1 }, EINVAL],
    ['caching nothing', { command: CACHE }, 0],
    ['status beyond the end', { command: BLOCK_STATUS, length: SIZE + 1 }, EINVAL],
    ['status of nothing', { command: BLOCK_STATUS }, EINVAL],
    ['status', { command: BLOCK_STATUS, length: 5 }, hasChunks ? 0 : EINVAL],
    ['an unknown command', { command: 8, length: 4096 }, EINVAL],
    ['a command of all bits', { command: 0xffff, length: 0xffff_ffff }, EINVAL],
    ['an unknown flag', { command: READ, flags: 0x40, length: 1 }, EINVAL],
    ['all flags', { command: FLUSH, flags: 0xffdf }, EINVAL],
    ['a flag of another command', { command: READ, flags: NO_HOLE, length: 1 }, EINVAL],
    ['REQ_ONE on a read', { command: READ, flags: REQ_ONE, length: 1 }, EINVAL],
    ['FAST_ZERO on a trim', { command: TRIM, flags: FAST_ZERO, length: 1 }, EINVAL],
    ['DF', { command: READ, flags: DF, length: 65_536 }, hasChunks ? 0 : EINVAL],
    ['DF on much', { command: READ, flags: DF, length: MIB }, hasChunks ? EOVERFLOW : EINVAL],
  ])('%s', async (_, call, error) => {
    const transmission = await open()
    const reply = await transmission.call(call)
    expect(reply.error).toBe(error)
    if (call.command === READ && error === 0) expect(reply.data.length).toBe(call.length ?? 0)
    await expectUsable(transmission)
  })

  test('FUA may stand with every command, and writes wait for the disk', async () => {
    const storage = new ScriptedStorage(MIB)
    const { path } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, style)
    const flags = FUA
    expect(await transmission.error({ command: WRITE, flags, payload: randomBytes(4096) })).toBe(0)
    expect(storage.done).toEqual(['write', 'flush'])
    expect(await transmission.error({ command: WRITE_ZEROES, flags, length: 4096 })).toBe(0)
    expect(await transmission.error({ command: TRIM, flags, length: 4096 })).toBe(0)
    expect(storage.done.slice(2)).toEqual(['zero', 'flush', 'trim', 'flush'])
    for (const command of [READ, CACHE, FLUSH]) {
      const length = command === FLUSH ? 0 : 4096
      expect(await transmission.error({ command, flags, length })).toBe(0)
    }
  })

  test('the storage is not asked about nothing', async () => {
    const storage = new ScriptedStorage(MIB)
    const { path } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, style)
    for (const command of [WRITE, TRIM, WRITE_ZEROES]) {
      expect(await transmission.error({ command, offset: 512 })).toBe(0)
    }
    expect(storage.done).toEqual([])
  })

  test('nothing changes a read-only export', async () => {
    const storage = new MemoryStorage(MIB)
    const { path } = await startServer({ exports: [exportOf(storage, { isReadOnly: true })] })
    const transmission = await RawTransmission.open(path, style)
    for (const flags of [0, FUA]) {
      const payload = randomBytes(100_000)
      expect(await transmission.error({ command: WRITE, flags, payload })).toBe(EPERM)
      expect(await transmission.error({ command: TRIM, flags, length: 4096 })).toBe(EPERM)
      expect(await transmission.error({ command: WRITE_ZEROES, flags, length: 4096 })).toBe(EPERM)
    }
    expect(await transmission.error({ command: FLUSH })).toBe(0)
    expect(await transmission.error({ command: READ, length: 4096 })).toBe(0)
    expect(storage.allocated).toBe(0)
  })

  test.each<[Operation, Call, boolean]>([
    ['read', { command: READ, length: 100_000 }, true],
    ['read', { command: READ, length: 4 * MIB }, true],
    ['read', { command: CACHE, length: 100_000 }, true],
    ['write', { command: WRITE, payload: Buffer.alloc(100) }, false],
    ['write', { command: WRITE, payload: Buffer.alloc(3 * MIB) }, false],
    ['flush', { command: FLUSH }, false],
    ['flush', { command: WRITE, flags: FUA, payload: Buffer.alloc(100) }, false],
    ['trim', { command: TRIM, length: 100 }, false],
    ['zero', { command: WRITE_ZEROES, length: 100 }, false],
    ['extents', { command: BLOCK_STATUS, length: 100 }, false],
  ])(
    'when the storage fails to %s, the client gets the error and goes on',
    async (operation, call) => {
      if (call.command === BLOCK_STATUS && !hasChunks) return
      const storage = new ScriptedStorage(SIZE)
      const { path, events } = await startServer({ exports: [exportOf(storage)] })
      const transmission = await RawTransmission.open(path, style)
      for (const [code, error] of [
        ['EIO', EIO],
        ['ENOSPC', ENOSPC],
        ['EDQUOT', ENOSPC],
        ['EFBIG', ENOSPC],
        ['EPERM', EPERM],
        ['EACCES', EPERM],
        ['EROFS', EPERM],
        ['ENOMEM', ENOMEM],
        ['EOPNOTSUPP', ENOTSUP],
        ['EBADF', EIO],
      ] as const) {
        storage.failAt(operation, code)
        expect(await transmission.error(call), code).toBe(error)
      }
      const failures = events.filter(({ event }) => event === 'failed')
      expect(failures.length).toBe(2)
      storage.before = () => {}
      await expectUsable(transmission)
    },
  )

  test('what is written in any pieces is read in any others', async () => {
    const transmission = await open()
    const content = randomBytes(5 * MIB + 4321)
    const ranges = [0, 1, 4096, 70_000, 1 * MIB + 13, content.length]
    for (const [index, start] of ranges.slice(0, -1).entries()) {
      const payload = content.subarray(start, ranges[index + 1])
      expect(await transmission.error({ command: WRITE, offset: 777 + start, payload })).toBe(0)
    }
    for (const length of [1, 4096, 65_536, 262_144, 262_145, 3 * MIB, content.length]) {
      const { data } = await transmission.call({ command: READ, offset: 777, length })
      expect(data.equals(content.subarray(0, length))).toBe(true)
    }
  })
})

describe.each(['structured', 'extended'] as const)('block status in %s replies', (style) => {
  test('tells data from holes, up to the end of the request', async () => {
    const storage = new MemoryStorage(SIZE)
    await storage.write([Buffer.alloc(65_536, 1)], 131_072)
    const { path } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, style)
    const call = { command: BLOCK_STATUS, offset: 1000, length: MIB }
    const { extents, chunks } = await transmission.call(call)
    expect(extents).toEqual([
      { length: 130_072, status: 3 },
      { length: 65_536, status: 0 },
      { length: 1000 + MIB - 196_608, status: 3 },
    ])
    expect(chunks).toEqual([
      style === 'extended' ? NBD_REPLY_TYPE.BLOCK_STATUS_EXT : NBD_REPLY_TYPE.BLOCK_STATUS,
    ])
    const one = await transmission.call({ ...call, flags: REQ_ONE })
    expect(one.extents).toEqual(extents.slice(0, 1))
    const last = { ...call, flags: REQ_ONE, offset: SIZE - 1, length: 1 }
    expect((await transmission.call(last)).extents).toEqual([{ length: 1, status: 3 }])
  })

  test('is refused where base:allocation was chosen for another export, or for none', async () => {
    const exports = ['a', 'b'].map((name) => exportOf(new MemoryStorage(MIB), { name }))
    const { path } = await startServer({ exports })
    const { SET_META_CONTEXT, GO, STRUCTURED_REPLY, EXTENDED_HEADERS } = NBD_OPT
    const choose = (name: string, ...queries: readonly string[]) =>
      [SET_META_CONTEXT, encodeMetaContextOption({ name, queries })] as const
    for (const [choices, error] of [
      [[choose('b', BASE_ALLOCATION)], 0],
      [[choose('a', BASE_ALLOCATION)], EINVAL],
      [[choose('b', BASE_ALLOCATION), choose('a', BASE_ALLOCATION)], EINVAL],
      [[choose('b', BASE_ALLOCATION), choose('b')], EINVAL],
      [[choose('b', BASE_ALLOCATION), choose('none')], EINVAL],
      [[], EINVAL],
    ] as const) {
      const client = await RawClient.greet(path)
      await client.outcome(style === 'extended' ? EXTENDED_HEADERS : STRUCTURED_REPLY)
      for (const choice of choices) await client.outcome(...choice)
      await client.outcome(GO, encodeInfoOption({ name: 'b', information: [] }))
      const transmission = new RawTransmission(client, style)
      expect(await transmission.error({ command: BLOCK_STATUS, length: 4096 })).toBe(error)
    }
  })
})

describe('DF', () => {
  test('gets its data in one chunk, holes or not, however little memory there is', async () => {
    const storage = new MemoryStorage(SIZE)
    const { path } = await startServer({ exports: [exportOf(storage)], memoryLimit: 1 })
    const transmission = await RawTransmission.open(path, 'structured')
    const call = { command: READ, flags: DF, length: 65_536 }
    expect((await transmission.call(call)).chunks).toEqual([NBD_REPLY_TYPE.OFFSET_DATA])
    expect(await transmission.error({ ...call, length: 65_537 })).toBe(EOVERFLOW)
    const plain = await transmission.call({ command: READ, length: 65_536 })
    expect(plain.chunks).toEqual([NBD_REPLY_TYPE.OFFSET_HOLE])
  })
})

describe('extended headers', () => {
  const open = async () => RawTransmission.open((await startServer()).path, 'extended')

  test('a write without the flag of its payload has none', async () => {
    const transmission = await open()
    expect(await transmission.error({ command: WRITE, length: 4096 })).toBe(EINVAL)
    await expectUsable(transmission)
  })

  test('a payload where none belongs is taken and refused', async () => {
    const transmission = await open()
    for (const command of [READ, FLUSH, TRIM, CACHE, WRITE_ZEROES, 77]) {
      for (const payload of [Buffer.alloc(1), Buffer.alloc(3 * MIB)]) {
        expect(await transmission.error({ command, payload })).toBe(EINVAL)
      }
    }
    await expectUsable(transmission)
  })

  test('block status with a choice of contexts', async () => {
    const transmission = await open()
    const errorOf = (length: number, ...contextIds: readonly number[]) => {
      const payload = encodeStatusFilter({ length, contextIds })
      return transmission.error({ command: BLOCK_STATUS, payload })
    }
    expect(await errorOf(4096, 1)).toBe(0)
    expect(await errorOf(4096)).toBe(EINVAL)
    expect(await errorOf(4096, 2)).toBe(EINVAL)
    expect(await errorOf(4096, 1, 1)).toBe(EINVAL)
    expect(await errorOf(0, 1)).toBe(EINVAL)
    expect(await errorOf(SIZE + 1, 1)).toBe(EINVAL)
    for (const length of [1, 7, 9, 13, 100, MIB]) {
      const payload = Buffer.alloc(length, 0xff)
      expect(await transmission.error({ command: BLOCK_STATUS, payload })).toBe(EINVAL)
    }
    await expectUsable(transmission)
  })

  test('ranges above 4 GiB in one request', async () => {
    const storage = new MemoryStorage(2 ** 45)
    const { path } = await startServer({ exports: [exportOf(storage)] })
    const transmission = await RawTransmission.open(path, 'extended')
    const length = 2 ** 45
    expect(await transmission.error({ command: WRITE, payload: randomBytes(MIB) })).toBe(0)
    for (const command of [TRIM, WRITE_ZEROES, CACHE]) {
      expect(await transmission.error({ command, length })).toBe(0)
    }
    expect(storage.allocated).toBe(0)
    const { extents } = await transmission.call({ command: BLOCK_STATUS, length })
    expect(extents[0]?.status).toBe(3)
    expect(await transmission.error({ command: READ, length: 2 ** 40 })).toBe(EINVAL)
  })
})

test('a payload above 32 MiB ends the connection', async () => {
  for (const style of STYLES) {
    const { path, events } = await startServer()
    const transmission = await RawTransmission.open(path, style)
    const flags = style === 'extended' ? PAYLOAD_LEN : 0
    transmission.send({ command: WRITE, flags, length: 32 * MIB + 1 })
    expect((await transmission.client.readToEnd()).length).toBe(0)
    expect(events.at(-1)).toMatchObject({ event: 'refused' })
  }
})
