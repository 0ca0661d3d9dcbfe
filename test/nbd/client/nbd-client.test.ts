/** What a client asks of an honest server, request by request, and what it does not ask of one that cannot do it. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FEATURE_NAMES, findFeature } from '../../../src/nbd/client/export-features.ts'
import { NbdClient } from '../../../src/nbd/client/nbd-client.ts'
import type { NbdClientOptions } from '../../../src/nbd/client/open-connection.ts'
import {
  groupCommands,
  ServerCommand,
  uriOfCommand,
} from '../../../src/nbd/client/server-command.ts'
import type { BlockSizes } from '../../../src/nbd/protocol/block-sizes.ts'
import type { Request } from '../../../src/nbd/protocol/requests.ts'
import { refusal } from '../../diagnostic-code.ts'
import { type Script, startHostileServer } from '../hostile-server.ts'
import { eventually } from '../server/test-server.ts'

const MIB = 1 << 20
const GIB = 1 << 30

/** Numbers of the protocol: transmission flags, commands, and flags of commands. */
const [HAS_FLAGS, READ_ONLY, FLUSHES, HAS_FUA, TRIMS, ZEROES, CACHES] = [1, 2, 4, 8, 32, 64, 1024]
const [READ, WRITE, DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS] = [0, 1, 2, 3, 4, 5, 6, 7]
const [FUA, NO_HOLE, FAST_ZERO] = [1, 2, 16]

type Asked = readonly [command: number, flags: number, offset: number, length: number]

/** One structured chunk, the last of its reply. */
function chunk({ cookieHigh, cookieLow }: Request, type: number, payload = Buffer.alloc(0)) {
  const header = Buffer.alloc(20)
  header.writeUInt32BE(0x668e_33ef, 0)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(type, 6)
  header.writeUInt32BE(cookieHigh, 8)
  header.writeUInt32BE(cookieLow, 12)
  header.writeUInt32BE(payload.length, 16)
  return Buffer.concat([header, payload])
}

function status(request: Request, extents: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(4 + 8 * extents.length)
  // The number that the server gave its context.
  payload.writeUInt32BE(7)
  for (const [index, [length, state]] of extents.entries()) {
    payload.writeUInt32BE(length, 4 + 8 * index)
    payload.writeUInt32BE(state, 8 + 8 * index)
  }
  return chunk(request, 5, payload)
}

/** A byte of the disk is the number of its KiB. */
function readReply(request: Request): Buffer {
  const payload = Buffer.alloc(8 + request.length)
  payload.writeBigUInt64BE(BigInt(request.offset))
  for (let at = 0; at < request.length; at++) payload[8 + at] = ((request.offset + at) >> 10) & 0xff
  return chunk(request, 1, payload)
}

type Server = {
  readonly flags?: number
  readonly size?: number
  readonly sizes?: BlockSizes
  readonly extents?: readonly (readonly [number, number])[]
  readonly headers?: Script['headers']
}

/** A client of a server that does all it is asked, and what it was asked. */
async function scene(
  { flags = 0, size = GIB, sizes, extents = [], headers }: Server,
  options: NbdClientOptions = {},
) {
  const asked: Asked[] = []
  const onRequest = (request: Request): Buffer | undefined => {
    const { command, flags: given, offset, length } = request
    asked.push([command, given, offset, length])
    if (command === DISC) return undefined
    if (command === READ) return readReply(request)
    return command === BLOCK_STATUS ? status(request, extents) : chunk(request, 0)
  }
  const { address } = await startHostileServer({
    export: { size, flags: HAS_FLAGS | flags },
    ...{ onRequest, ...(headers && { headers }), ...(sizes && { sizes }) },
  })
  const client = await NbdClient.connect(address, '', { timeout: 240_000, ...options })
  onTestFinished(() => client.destroy())
  return { client, asked }
}

const ALL = FLUSHES | HAS_FUA | TRIMS | ZEROES | CACHES

describe('what is long goes in pieces:', () => {
  test('data by 2 MiB, each where it belongs', async () => {
    const { client, asked } = await scene({})
    const bytes = await client.read(512, 4 * MIB + 5)
    expect(asked.toSorted((one, other) => one[2] - other[2])).toEqual([
      [READ, 0, 512, 2 * MIB],
      [READ, 0, 512 + 2 * MIB, 2 * MIB],
      [READ, 0, 512 + 4 * MIB, 5],
    ])
    expect(bytes.every((byte, at) => byte === (((512 + at) >> 10) & 0xff))).toBe(true)
    asked.length = 0
    await client.read(0, 2 * MIB)
    await client.write(7, Buffer.alloc(2 * MIB + 1))
    expect(asked).toEqual([
      [READ, 0, 0, 2 * MIB],
      [WRITE, 0, 7, 2 * MIB],
      [WRITE, 0, 7 + 2 * MIB, 1],
    ])
  })

  test.each([
    [{ minimum: 4096, preferred: 4096, maximum: 65_536 }, 65_536],
    [{ minimum: 4096, preferred: 4096, maximum: 1 << 25 }, 2 * MIB],
    [{ minimum: 1, preferred: 512, maximum: 1000 }, 1000],
  ])('data by what a server with blocks of %j takes', async (sizes, piece) => {
    const { client, asked } = await scene({ sizes })
    expect(client.info.blockSizes).toEqual(sizes)
    await client.read(4096 * 3, piece * 2)
    expect(asked).toEqual([
      [READ, 0, 12_288, piece],
      [READ, 0, 12_288 + piece, piece],
    ])
  })

  test('what has no data by 256 MiB', async () => {
    const { client, asked } = await scene({ flags: ALL })
    await client.zero(1, 256 * MIB)
    await client.trim(1, 256 * MIB + 1)
    await client.cache(0, 512 * MIB)
    expect(asked).toEqual([
      [WRITE_ZEROES, 0, 1, 256 * MIB],
      [TRIM, 0, 1, 256 * MIB],
      [TRIM, 0, 1 + 256 * MIB, 1],
      [CACHE, 0, 0, 256 * MIB],
      [CACHE, 0, 256 * MIB, 256 * MIB],
    ])
  })
})

describe('what is asked', () => {
  test('is flagged as it was asked for', async () => {
    const { client, asked } = await scene({ flags: ALL })
    await client.zero(0, 1, { keep: true })
    await client.zero(0, 1, { fast: true })
    await client.zero(0, 1, { keep: true, fast: true, durable: true })
    await client.trim(0, 1, { durable: true })
    await client.write(0, Buffer.alloc(1), { durable: true })
    await client.write(0, Buffer.alloc(1), { durable: false })
    await client.flush()
    expect(asked).toEqual([
      [WRITE_ZEROES, NO_HOLE, 0, 1],
      [WRITE_ZEROES, FAST_ZERO, 0, 1],
      [WRITE_ZEROES, NO_HOLE | FAST_ZERO | FUA, 0, 1],
      [TRIM, FUA, 0, 1],
      [WRITE, FUA, 0, 1],
      [WRITE, 0, 0, 1],
      [FLUSH, 0, 0, 0],
    ])
  })

  test('is made durable by a flush where a server has nothing better', async () => {
    const { client, asked } = await scene({ flags: FLUSHES | TRIMS | ZEROES })
    await client.write(0, Buffer.alloc(3 * MIB), { durable: true })
    await client.zero(0, 5, { durable: true })
    await client.trim(0, 6, { durable: true })
    await client.trim(0, 7)
    expect(asked.map(([command, flags]) => [command, flags])).toEqual(
      [WRITE, WRITE, FLUSH, WRITE_ZEROES, FLUSH, TRIM, FLUSH, TRIM].map((command) => [command, 0]),
    )
  })

  test('is nothing where a server knows no flush', async () => {
    const { client, asked } = await scene({})
    await client.flush()
    await client.write(0, Buffer.alloc(1), { durable: true })
    expect(asked).toEqual([[WRITE, 0, 0, 1]])
  })

  test('is not sent where a server cannot do it', async () => {
    const cannot = refusal('NBD_NOT_SUPPORTED')
    const plain = await scene({ headers: 'simple' })
    const readOnly = await scene({ flags: ALL | READ_ONLY })
    for (const { client, asked } of [plain, readOnly]) {
      await expect(client.trim(0, 1)).rejects.toThrow(cannot)
      await expect(client.zero(0, 1)).rejects.toThrow(cannot)
      expect(asked).toEqual([])
    }
    await expect(plain.client.cache(0, 1)).rejects.toThrow(cannot)
    await expect(plain.client.blockStatus(0, 1)).rejects.toThrow(cannot)
    await expect(readOnly.client.write(0, Buffer.alloc(1))).rejects.toThrow(cannot)
    await readOnly.client.cache(0, 1)
    expect(readOnly.asked).toEqual([[CACHE, 0, 0, 1]])
  })

  test('is within the export and in whole blocks, but for its end', async () => {
    const sizes = { minimum: 512, preferred: 4096, maximum: MIB }
    const { client, asked } = await scene({ sizes, size: 10_000, flags: ALL })
    const outside = refusal('NBD_OUT_OF_RANGE')
    for (const [offset, length] of [
      [1, 512],
      [0, 511],
      [9728, 271],
      [9728, 273],
      [9728, 512],
      [10_240, 0],
      [0, 10_240],
    ] as const) {
      await expect(client.read(offset, length), `${offset} ${length}`).rejects.toThrow(outside)
      await expect(client.zero(offset, length)).rejects.toThrow(outside)
      await expect(client.blockStatus(offset, length)).rejects.toThrow(outside)
      await expect(client.write(offset, Buffer.alloc(length))).rejects.toThrow(outside)
    }
    expect(asked).toEqual([])
    await client.read(9728, 272)
    await client.read(0, 10_000)
    await client.read(512, 512)
    expect(asked).toHaveLength(3)
  })

  test('goes where the caller wants it, of the length that is read', async () => {
    const { client } = await scene({})
    const target = Buffer.alloc(10)
    expect(await client.read(5 << 10, 10, target)).toBe(target)
    expect(target.equals(Buffer.alloc(10, 5))).toBe(true)
    for (const length of [9, 11]) {
      const reading = client.read(0, 10, Buffer.alloc(length))
      await expect(reading).rejects.toThrow(refusal('LIBRARY_ARGUMENT'))
    }
  })
})

describe('block status', () => {
  const [DATA, HOLE] = [0, 3]

  test('joins what is alike and ends where the question did', async () => {
    const extents = [
      [100, DATA],
      [50, DATA],
      [10, HOLE],
      [10, HOLE],
      [500, DATA],
      [7, HOLE],
    ] as const
    const { client, asked } = await scene({ extents })
    expect(await client.blockStatus(1000, 200)).toEqual([
      { length: 150, status: DATA },
      { length: 20, status: HOLE },
      { length: 30, status: DATA },
    ])
    expect(asked).toEqual([[BLOCK_STATUS, 0, 1000, 200]])
  })

  test('asks about 2 GiB at most', async () => {
    const { client, asked } = await scene({ size: 8 * GIB, extents: [[GIB, DATA]] })
    expect(await client.blockStatus(0, 8 * GIB)).toEqual([{ length: GIB, status: DATA }])
    await client.blockStatus(GIB, 2 * GIB - 1)
    expect(asked).toEqual([
      [BLOCK_STATUS, 0, 0, 2 * GIB],
      [BLOCK_STATUS, 0, GIB, 2 * GIB - 1],
    ])
  })
})

describe('a connection', () => {
  test('is open until the client leaves', async () => {
    for (const leave of [
      (client: NbdClient) => client.disconnect(),
      (client: NbdClient) => client.destroy(),
    ]) {
      const { client, asked } = await scene({})
      expect(client.isOpen).toBe(true)
      await leave(client)
      expect(client.isOpen).toBe(false)
      await expect(client.read(0, 1)).rejects.toThrow(refusal('NBD_CONNECTION_LOST'))
      await client.disconnect()
      expect(asked.filter(([command]) => command === READ)).toEqual([])
    }
  })

  test('without the flag that says that there are flags has none', async () => {
    const { address } = await startHostileServer({ export: { size: MIB, flags: ALL | READ_ONLY } })
    const client = await NbdClient.connect(address, '', { timeout: 240_000 })
    for (const flag of ['READ_ONLY', 'SEND_FLUSH', 'SEND_TRIM', 'HAS_FLAGS'] as const) {
      expect(client.can(flag)).toBe(false)
    }
    client.destroy()
  })
})

describe('the abilities that nbdinfo --can asks for', () => {
  test.each([
    ['read-only', READ_ONLY],
    ['flush', FLUSHES],
    ['fua', HAS_FUA],
    ['rotational', 16],
    ['trim', TRIMS],
    ['zero', ZEROES],
    ['df', 128],
    ['multi-conn', 256],
    ['cache', CACHES],
    ['fast-zero', 2048],
    ['block-status-payload', 4096],
  ])('%s is flag %d', async (name, flag) => {
    const can = findFeature(name)
    expect(can?.((await scene({ flags: flag })).client)).toBe(true)
    expect(can?.((await scene({ flags: 0xfffe & ~flag })).client)).toBe(false)
  })

  test.each([
    ['simple', false, false],
    ['structured', true, false],
    ['extended', true, true],
  ] as const)('of %s replies', async (headers, hasStructure, isExtended) => {
    const { client } = await scene({ headers, flags: ALL })
    const can = (name: string) => findFeature(name)?.(client)
    for (const name of [
      'structured-reply',
      'Structured_Reply',
      'sr',
      'structured',
      'structured replies',
    ]) {
      expect(can(name), name).toBe(hasStructure)
    }
    expect(can('extended-headers')).toBe(isExtended)
    expect(['connect', 'read', 'write', 'tls'].map(can)).toEqual([true, true, true, false])
  })

  test('have their names, and no others', () => {
    expect(FEATURE_NAMES).toHaveLength(17)
    expect(['reads', '', 'toString', 'hasOwnProperty'].map(findFeature)).toEqual(
      Array(4).fill(undefined),
    )
  })
})

test('words between brackets are one command', () => {
  expect(groupCommands([])).toEqual([])
  expect(groupCommands(['a', 'b'])).toEqual(['a', 'b'])
  expect(groupCommands(['[', 'a', '-b', ']', 'c', '[', 'd', ']'])).toEqual([
    ['a', '-b'],
    'c',
    ['d'],
  ])
  expect(groupCommands([']', 'a'])).toEqual([']', 'a'])
  for (const words of [
    ['['],
    ['a', '[', 'b'],
    ['[', ']'],
    ['[', 'a', ']', '[', ']'],
    [']', '[', 'a'],
  ]) {
    expect(() => groupCommands(words), words.join(' ')).toThrow(refusal('NBD_COMMAND_INVALID'))
  }
})

describe('a command that is to serve', () => {
  const start = async (script: string) => {
    const command = await ServerCommand.start(['sh', '-c', script])
    onTestFinished(() => command.close())
    return command
  }

  test.each([
    ['exit 7', 'with status 7'],
    ['kill -KILL $$', 'by SIGKILL'],
    // As sd_listen_fds(3) has it.
    [
      '[ $LISTEN_PID = $$ ] && [ $LISTEN_FDS = 1 ] && [ -S /proc/self/fd/3 ] && exit 5',
      'with status 5',
    ],
  ])('and ends instead (%s) is told of', async (script, how) => {
    const command = await start(script)
    const reason = await command.explain(new Error('no connection'))
    expect(reason).toEqual(refusal('NBD_COMMAND_ENDED'))
    expect(String(reason)).toContain(how)
  })

  test('has a socket that no other user can reach, and both are gone with it', async () => {
    const command = await start('exec sleep 60')
    const { address } = command.uri
    const path = address.kind === 'unix' ? address.path : ''
    expect(statSync(path).isSocket()).toBe(true)
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
    // This program itself does not listen there any more.
    await eventually(() => readdirSync(dirname(path)).length === 1)
    await command.close()
    expect(existsSync(dirname(path))).toBe(false)
    expect(String(await command.explain(new Error('x')))).toContain('by SIGTERM')
  })

  test('is ended with this program, which has its signals for itself before and after', async () => {
    const counts = () =>
      ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'exit'].map((name) => process.listenerCount(name))
    const before = counts()
    for (let round = 0; round < 2; round++) {
      const [one, other] = [await start('exec sleep 60'), await start('exec sleep 60')]
      expect(counts()).toEqual(before.map((count) => count + 1))
      await one.close()
      expect(counts()).toEqual(before.map((count) => count + 1))
      await other.close()
      await other.close()
      expect(counts()).toEqual(before)
    }
  })

  test('is called by its words', () => {
    expect(uriOfCommand(['qemu-nbd', '-f', 'raw'], '/socket')).toEqual({
      text: '[ qemu-nbd -f raw ]',
      address: { kind: 'unix', path: '/socket' },
      exportName: '',
      tls: { isRequired: false },
    })
  })
})
