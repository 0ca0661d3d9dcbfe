/** Servers that answer wrongly: each such answer ends the connection in words, and none is believed. */
import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { NbdClient } from '../../../src/nbd/client/nbd-client.ts'
import { mapToJson, printMap } from '../../../src/nbd/map-text.ts'
import {
  encodeBlockStatus,
  encodeErrorChunk,
  encodeExtendedBlockStatus,
  encodeHole,
} from '../../../src/nbd/protocol/chunks.ts'
import { NBD_CMD, NBD_REPLY_TYPE } from '../../../src/nbd/protocol/constants.ts'
import {
  EXTENDED_REPLY_SIZE,
  SIMPLE_REPLY_SIZE,
  STRUCTURED_REPLY_SIZE,
  writeExtendedReply,
  writeSimpleReply,
  writeStructuredReply,
} from '../../../src/nbd/protocol/replies.ts'
import type { Request } from '../../../src/nbd/protocol/requests.ts'
import { type Script, SIZE, startHostileServer } from '../hostile-server.ts'

const TYPE = NBD_REPLY_TYPE

function simple(request: Request, error = 0, data: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(SIMPLE_REPLY_SIZE)
  writeSimpleReply(bytes, 0, { ...request, error })
  return Buffer.concat([bytes, data])
}

function chunk(
  request: Request,
  type: number,
  payload: Buffer = Buffer.alloc(0),
  flags = 1,
): Buffer {
  const bytes = Buffer.alloc(STRUCTURED_REPLY_SIZE)
  writeStructuredReply(bytes, 0, { ...request, flags, type, length: payload.length })
  return Buffer.concat([bytes, payload])
}

function extended(request: Request, type: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(EXTENDED_REPLY_SIZE)
  writeExtendedReply(bytes, 0, { ...request, flags: 1, type, length: payload.length })
  return Buffer.concat([bytes, payload])
}

function data(offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(8 + length, 0x61)
  bytes.writeBigUInt64BE(BigInt(offset))
  return bytes
}

async function open(script: Script): Promise<NbdClient> {
  const { address } = await startHostileServer(script)
  return NbdClient.connect(address, '', { timeout: 240_000 })
}

const half = (request: Request, offset: number, flags: number) =>
  chunk(request, TYPE.OFFSET_DATA, data(offset, 512), flags)

test.each<readonly [string, (request: Request) => Buffer, string]>([
  ['an unknown cookie', (r) => chunk({ ...r, cookieLow: 99 }, TYPE.NONE), 'not on its way'],
  ['half of the cookie', (r) => chunk({ ...r, cookieHigh: 0 }, TYPE.NONE), 'not on its way'],
  ['no data', (r) => chunk(r, TYPE.NONE), 'a part missing'],
  ['half of the data', (r) => half(r, 4096, 1), 'a part missing'],
  ['the same data twice', (r) => Buffer.concat([half(r, 4096, 0), half(r, 4096, 1)]), 'twice'],
  ['overlapping data', (r) => Buffer.concat([half(r, 4096, 0), half(r, 4100, 1)]), 'twice'],
  ['data before what was asked for', (r) => half(r, 4095, 1), 'beyond what was asked for'],
  ['data behind what was asked for', (r) => half(r, 4096 + 513, 1), 'beyond what was asked for'],
  ['data beyond every disk', (r) => half(r, Number.MAX_SAFE_INTEGER, 1), 'beyond what was asked'],
  [
    'too much data',
    (r) => chunk(r, TYPE.OFFSET_DATA, data(4096, 1025)),
    '1033 bytes in answer to a read',
  ],
  ['a chunk of 4 GiB', (r) => longChunk(r, TYPE.OFFSET_DATA), '4294967295 bytes in answer'],
  ['an error of 4 GiB', (r) => longChunk(r, TYPE.ERROR), 'an error of 4294967295 bytes'],
  [
    'a hole that is too long',
    (r) => chunk(r, TYPE.OFFSET_HOLE, encodeHole({ offset: 4096, length: 4096 })),
    'beyond what was asked for',
  ],
  [
    'a hole without its length',
    (r) => chunk(r, TYPE.OFFSET_HOLE, Buffer.alloc(8)),
    'a hole described in 8 bytes',
  ],
  [
    'block status',
    (r) =>
      chunk(
        r,
        TYPE.BLOCK_STATUS,
        encodeBlockStatus({ contextId: 7, extents: [{ length: 1, status: 0 }] }),
      ),
    'NBD_REPLY_TYPE_BLOCK_STATUS in answer to NBD_CMD_READ',
  ],
  ['a simple reply', (r) => simple(r, 0, Buffer.alloc(1024)), 'after structured replies'],
  [
    'an error that is none',
    (r) => chunk(r, TYPE.ERROR, encodeErrorChunk({ error: 0, message: '' })),
    'an error that is none',
  ],
  ['an unknown chunk', (r) => chunk(r, 99, Buffer.alloc(4)), 'unknown chunk 0x63'],
  ['empty chunks', (r) => chunk(r, TYPE.NONE, undefined, 0), 'an empty chunk that is not the last'],
  ['something else', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'a reply that begins with'],
])('a read answered with %s', async (_, answer, words) => {
  const client = await open({ onRequest: answer })
  const other = client.read(0, 512).catch((error: Error) => error.message)
  await expect(client.read(4096, 1024)).rejects.toThrow(/broke the protocol/)
  expect(await other).toContain('broke the protocol')
  await expect(client.read(0, 512)).rejects.toThrow('broke the protocol')
  expect(client.isOpen).toBe(false)
  await expect(readOnce(answer)).rejects.toThrow(words)
})

async function readOnce(answer: (request: Request) => Buffer): Promise<void> {
  await (await open({ onRequest: answer })).read(4096, 1024)
}

function longChunk(request: Request, type: number): Buffer {
  const bytes = chunk(request, type)
  bytes.writeUInt32BE(0xffff_ffff, 16)
  return bytes
}

test('an answer that comes twice is believed once', async () => {
  const answer = (r: Request) => chunk(r, TYPE.OFFSET_DATA, data(0, 512))
  const client = await open({ onRequest: (r) => Buffer.concat([answer(r), answer(r)]) })
  expect((await client.read(0, 512)).toString('latin1')).toBe('a'.repeat(512))
  await expect(client.read(0, 512)).rejects.toThrow('not on its way')
})

test('chunks in any order, with holes between, cut anywhere', async () => {
  const onRequest = (r: Request) =>
    Buffer.concat([
      chunk(r, TYPE.OFFSET_DATA, data(768, 256), 0),
      chunk(r, TYPE.OFFSET_HOLE, encodeHole({ offset: 256, length: 512 }), 0),
      chunk(r, TYPE.OFFSET_DATA, data(0, 256), 0),
      chunk(r, TYPE.NONE),
    ])
  const client = await open({ onRequest })
  const expected = Buffer.concat([
    Buffer.alloc(256, 'a'),
    Buffer.alloc(512),
    Buffer.alloc(256, 'a'),
  ])
  expect((await client.read(0, 1024, Buffer.alloc(1024, 'x'))).equals(expected)).toBe(true)
  client.destroy()
})

/** Sends chunk after chunk until the client has gone; a client without limits would never go. */
const ENOUGH = 100_000

const endless = (make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: ENOUGH }, (_, index) => make(index)))

const oneByte = (r: Request, at: number) => chunk(r, TYPE.OFFSET_DATA, data(r.offset + at, 1), 0)
const anError = (r: Request) =>
  chunk(r, TYPE.ERROR, encodeErrorChunk({ error: 5, message: 'again' }), 0)
const oneHole = (r: Request, at: number) =>
  chunk(r, TYPE.OFFSET_HOLE, encodeHole({ offset: r.offset + at, length: 1 }), 0)

test.each<readonly [string, (r: Request, index: number) => Buffer, string]>([
  ['single bytes apart from each other', (r, at) => oneByte(r, at * 2), 'in too many pieces'],
  ['single bytes in order', oneByte, 'in too many pieces'],
  ['holes of single bytes', oneHole, 'in too many pieces'],
  ['holes of no bytes', (r) => emptyHole(r), 'a hole of no bytes'],
  ['errors', anError, 'more than 16 errors'],
  ['unknown errors', (r) => chunk(r, 0x8042, Buffer.alloc(6, 1), 0), 'more than 16 errors'],
])('a read answered without end with %s', async (_, make, words) => {
  const client = await open({ onRequest: (r) => endless((index) => make(r, index)) })
  const reading = client.read(0, 2 * ENOUGH)
  await expect(reading).rejects.toThrow(words)
  await expect(reading).rejects.toMatchObject({ diagnostics: [{ code: 'NBD_PROTOCOL_BROKEN' }] })
})

test.each<readonly [string, (client: NbdClient) => Promise<unknown>]>([
  ['a write', (client) => client.write(0, Buffer.alloc(512))],
  ['a flush', (client) => client.flush()],
  ['block status', (client) => client.blockStatus(0, SIZE)],
])('%s answered with errors without end', async (_, ask) => {
  const client = await open({ onRequest: (r) => endless(() => anError(r)) })
  await expect(ask(client)).rejects.toThrow('more than 16 errors')
})

test('a read in sectors, each its own chunk, is taken', async () => {
  const length = SIZE
  const onRequest = (r: Request) => {
    const sector = (index: number) =>
      chunk(r, TYPE.OFFSET_DATA, data(r.offset + index * 512, 512), 0)
    const sectors = Array.from({ length: r.length / 512 }, (_, index) => sector(index))
    return Buffer.concat([...sectors, chunk(r, TYPE.NONE)])
  }
  const client = await open({ onRequest })
  expect((await client.read(0, length)).equals(Buffer.alloc(length, 'a'))).toBe(true)
  client.destroy()
})

function emptyHole(request: Request): Buffer {
  const payload = Buffer.alloc(12)
  payload.writeBigUInt64BE(BigInt(request.offset))
  return chunk(request, TYPE.OFFSET_HOLE, payload, 0)
}

test('an error in a part of an answer fails all of it, and nothing else', async () => {
  const error = encodeErrorChunk({ error: 5, message: 'bad sector', offset: 4096 })
  let asked = 0
  const onRequest = (r: Request) =>
    asked++ === 0
      ? Buffer.concat([half(r, 4608, 0), chunk(r, TYPE.ERROR_OFFSET, error)])
      : half(r, r.offset, 1)
  const client = await open({ onRequest })
  await expect(client.read(4096, 1024)).rejects.toThrow(
    'input/output error (EIO), saying "bad sector"',
  )
  expect((await client.read(4096, 512)).length).toBe(512)
  client.destroy()
})

test.each<readonly [string, (request: Request) => Buffer, string]>([
  ['nothing', (r) => chunk(r, TYPE.NONE), 'no block status'],
  ['another context', (r) => status(r, 8, [1024]), 'block status of context 8'],
  ['an empty extent', (r) => status(r, 7, [512, 0]), 'an extent of no bytes'],
  [
    'no extent',
    (r) => chunk(r, TYPE.BLOCK_STATUS, Buffer.from([0, 0, 0, 7])),
    '0 bytes of extents',
  ],
  ['the answer twice', (r) => Buffer.concat([status(r, 7, [9], 0), status(r, 7, [9])]), 'twice'],
  [
    'data',
    (r) => chunk(r, TYPE.OFFSET_DATA, data(0, 512)),
    'data in answer to NBD_CMD_BLOCK_STATUS',
  ],
  ['a list of 4 GiB', (r) => longChunk(r, TYPE.BLOCK_STATUS), 'block status of 4294967295 bytes'],
])('block status answered with %s', async (_, onRequest, words) => {
  const client = await open({ onRequest })
  await expect(client.blockStatus(0, 1024)).rejects.toThrow(words)
})

function status(request: Request, contextId: number, lengths: number[], flags = 1): Buffer {
  const extents = lengths.map((length, index) => ({ length, status: index }))
  return chunk(request, TYPE.BLOCK_STATUS, encodeBlockStatus({ contextId, extents }), flags)
}

test('block status never tells of more than was asked about', async () => {
  const client = await open({ onRequest: (r) => status(r, 7, [512, 0xffff_ffff]) })
  expect(await client.blockStatus(SIZE - 1024, 1024)).toEqual([
    { length: 512, status: 0 },
    { length: 512, status: 1 },
  ])
  client.destroy()
})

test('extended headers: reads, writes, and extents of 64 bits', async () => {
  const requests: Request[] = []
  const extents = [{ length: 2 ** 40, status: 3 }]
  const onRequest = (r: Request): Buffer => {
    requests.push({ ...r })
    if (r.command === NBD_CMD.READ) return extended(r, TYPE.OFFSET_DATA, data(r.offset, r.length))
    if (r.command !== NBD_CMD.BLOCK_STATUS) return extended(r, TYPE.NONE)
    return extended(r, TYPE.BLOCK_STATUS_EXT, encodeExtendedBlockStatus({ contextId: 7, extents }))
  }
  const client = await open({ headers: 'extended', onRequest })
  expect((await client.read(0, 512)).length).toBe(512)
  await client.write(512, Buffer.alloc(512))
  expect(await client.blockStatus(0, SIZE)).toEqual([{ length: SIZE, status: 3 }])
  // NBD_CMD_FLAG_PAYLOAD_LEN stands on writes only.
  expect(requests.map(({ flags }) => flags)).toEqual([0, 0x20, 0])
  client.destroy()
})

test('extended headers: an answer about another offset', async () => {
  const onRequest = (r: Request) =>
    extended({ ...r, offsetLow: 512 }, TYPE.OFFSET_DATA, data(0, r.length))
  const client = await open({ headers: 'extended', onRequest })
  await expect(client.read(0, 512)).rejects.toThrow('a reply about offset 512')
})

test('extended headers: a simple reply', async () => {
  const onRequest = (r: Request) => Buffer.concat([simple(r), Buffer.alloc(32)])
  const client = await open({ headers: 'extended', onRequest })
  await expect(client.flush()).rejects.toThrow('a reply that begins with 0x67446698')
})

test('simple replies: data, an error, and a chunk', async () => {
  let asked = 0
  const answers = [
    (r: Request) => simple(r, 0, Buffer.alloc(r.length, 'b')),
    (r: Request) => simple(r, 28),
    (r: Request) => chunk(r, TYPE.NONE),
  ]
  const client = await open({ headers: 'simple', onRequest: (r) => answers[asked++]?.(r) })
  expect((await client.read(0, 512)).toString()).toBe('b'.repeat(512))
  await expect(client.write(0, Buffer.alloc(512))).rejects.toThrow('no space is left (ENOSPC)')
  await expect(client.read(0, 512)).rejects.toThrow('a reply that begins with 0x668e33ef')
})

test.each(['simple', 'structured'] as const)(
  '%s replies: no data follows a simple reply that tells of an error',
  async (headers) => {
    const onRequest = (r: Request) => {
      if (r.offset === 0) return simple(r, 5)
      return headers === 'simple'
        ? simple(r, 0, Buffer.alloc(r.length, 'b'))
        : chunk(r, TYPE.OFFSET_DATA, data(r.offset, r.length))
    }
    const client = await open({ headers, onRequest })
    const outcomes = await Promise.allSettled([client.read(0, 512), client.read(512, 512)])
    expect(String(outcomes[0].status === 'rejected' && outcomes[0].reason)).toContain('(EIO)')
    expect(outcomes[1].status === 'fulfilled' && outcomes[1].value.length).toBe(512)
  },
)

test('what waits for its turn fails too where the connection ends', async () => {
  const { address } = await startHostileServer({ onRequest: () => undefined })
  const client = await NbdClient.connect(address, '', { maximumInFlight: 2, timeout: 240_000 })
  const reads = Array.from({ length: 20 }, () => client.read(0, 512))
  const outcomes = Promise.allSettled(reads)
  setImmediate(() => client.destroy())
  expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true)
})

test('never more requests on their way than are allowed', async () => {
  let asked = 0
  const onRequest = () => {
    asked++
    return undefined
  }
  const { address } = await startHostileServer({ onRequest })
  const client = await NbdClient.connect(address, '', { maximumInFlight: 3 })
  const outcomes = Promise.allSettled(
    Array.from({ length: 50 }, (_, i) => client.read(i * 512, 512)),
  )
  await expect.poll(() => asked).toBe(3)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(asked).toBe(3)
  client.destroy()
  await outcomes
})

test('what is outside of the export, or not in whole blocks, is not sent', async () => {
  const client = await open({})
  await expect(client.read(SIZE, 1)).rejects.toThrow(`not within ${SIZE} bytes`)
  await expect(client.read(-1, 1)).rejects.toThrow('`offset` has to be a whole number')
  await expect(client.read(0.5, 1)).rejects.toThrow('`offset` has to be a whole number')
  client.destroy()
})

test('an answer that comes byte by byte does not keep the client waiting for ever', async () => {
  let sent = 0
  const onRequest = (request: Request, socket: Duplex): undefined => {
    const bytes = chunk(request, TYPE.OFFSET_DATA, data(0, SIZE))
    const drip = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 1)
    socket.on('close', () => clearInterval(drip))
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const reading = (await open({ onRequest })).read(0, SIZE)
  const late = { diagnostics: [{ code: 'NET_TIMED_OUT' }] }
  const refusal = expect(reading).rejects.toMatchObject(late)
  // Each time some bytes come, and long before the time limit.
  for (let round = 0; round < 3; round++) {
    for (const before = sent; sent < before + 10; ) await pause(5)
    vi.advanceTimersByTime(100_000)
  }
  await refusal
})

test('extended headers: an extent that reaches beyond 2^53 - 1 bytes reaches the end', async () => {
  const extent = Buffer.alloc(24)
  extent.writeUInt32BE(7, 0)
  extent.writeUInt32BE(1, 4)
  extent.writeBigUInt64BE(2n ** 64n - 1n, 8)
  extent.writeBigUInt64BE(2n ** 63n + 3n, 16)
  const onRequest = (r: Request) => extended(r, TYPE.BLOCK_STATUS_EXT, extent)
  const client = await open({ headers: 'extended', onRequest })
  expect(await client.blockStatus(4096, 8192)).toEqual([{ length: 8192, status: 2n ** 63n + 3n }])
  client.destroy()
})

test('extended headers: every bit of a status is printed', async () => {
  const statuses = [2n ** 64n - 1n, 2n ** 53n + 1n, 2n ** 53n - 1n]
  const extent = Buffer.alloc(8 + 16 * statuses.length)
  extent.writeUInt32BE(7, 0)
  extent.writeUInt32BE(statuses.length, 4)
  statuses.forEach((status, index) => {
    extent.writeBigUInt64BE(BigInt(SIZE / 4), 8 + 16 * index)
    extent.writeBigUInt64BE(status, 16 + 16 * index)
  })
  const onRequest = (r: Request) => extended(r, TYPE.BLOCK_STATUS_EXT, extent)
  const client = await open({ headers: 'extended', onRequest })
  const map = await client.blockStatus(0, (SIZE / 4) * 3)
  client.destroy()
  expect(map.map(({ status }) => BigInt(status))).toEqual(statuses)
  const runs = map.map((extent) => ({ ...extent, offset: 0 }))
  const printed = printMap(runs, 'x-context:bits').map((line) => line.trim().split(/ +/)[2])
  expect(printed).toEqual(statuses.map(String))
  const types = mapToJson(runs, 'x-context:bits').map(({ type }) => type)
  expect(types).toEqual(['18446744073709551615', '9007199254740993', Number.MAX_SAFE_INTEGER])
})
