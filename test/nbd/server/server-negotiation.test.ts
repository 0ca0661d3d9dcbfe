import { describe, expect, test } from 'vitest'
import { BASE_ALLOCATION, NBD_INFO, NBD_OPT, NBD_REP } from '../../../src/nbd/protocol/constants.ts'
import { encodeClientFlags } from '../../../src/nbd/protocol/greeting.ts'
import { encodeInfoOption, encodeMetaContextOption } from '../../../src/nbd/protocol/option-data.ts'
import { encodeOption } from '../../../src/nbd/protocol/option-header.ts'
import {
  decodeInformation,
  decodeListedExport,
  decodeMetaContext,
} from '../../../src/nbd/protocol/option-replies.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { RawClient } from './raw-client.ts'
import { eventually, exportOf, startServer } from './test-server.ts'

const NAMES = ['', 'disk', 'é'.repeat(2048)]
const EXPORTS = NAMES.map((name, index) =>
  exportOf(new MemoryStorage((index + 1) << 20), { name, description: `the disk ${index}` }),
)

const asked = (name: string, ...information: readonly number[]) =>
  encodeInfoOption({ name, information })
const queries = (name: string, ...list: readonly string[]) =>
  encodeMetaContextOption({ name, queries: list })

/** An option that every state allows, and that answers in one reply where no TLS is required. */
async function isAlive(client: RawClient): Promise<boolean> {
  return (await client.outcome(NBD_OPT.LIST)) === NBD_REP.ACK
}

test('lists every export with its description', async () => {
  const client = await RawClient.greet((await startServer({ exports: EXPORTS })).path)
  const replies = await client.option(NBD_OPT.LIST)
  const listed = replies.slice(0, -1).map(({ data }) => decodeListedExport(data))
  expect(listed).toEqual(NAMES.map((name, index) => ({ name, description: `the disk ${index}` })))
})

test('tells what is asked of an export, and always its size and block sizes', async () => {
  const client = await RawClient.greet((await startServer({ exports: EXPORTS })).path)
  const { INFO, GO } = NBD_OPT
  const facts = async (option: number, ...types: readonly number[]) =>
    (await client.option(option, asked('disk', ...types)))
      .slice(0, -1)
      .map(({ data }) => decodeInformation(data))
  const size = expect.objectContaining({ type: NBD_INFO.EXPORT, size: 2 << 20 })
  const sizes = { minimum: 1, preferred: 4096, maximum: 1 << 25 }
  const blocks = { type: NBD_INFO.BLOCK_SIZE, sizes }
  expect(await facts(INFO)).toEqual([size, blocks])
  expect(await facts(INFO, NBD_INFO.NAME, NBD_INFO.NAME, 99, 0xffff)).toEqual([
    { type: NBD_INFO.NAME, name: 'disk' },
    size,
    blocks,
  ])
  const description = { type: NBD_INFO.DESCRIPTION, description: 'the disk 1' }
  expect(await facts(GO, NBD_INFO.DESCRIPTION)).toEqual([description, size, blocks])
})

test('serves names of 4096 bytes, refuses longer ones, those with NUL and those not in UTF-8', async () => {
  const { path } = await startServer({ exports: EXPORTS })
  const client = await RawClient.greet(path)
  expect(await client.outcome(NBD_OPT.INFO, asked(NAMES[2]!))).toBe(NBD_REP.ACK)
  for (const bytes of [Buffer.alloc(4097, 'x'), Buffer.from('a\0b'), Buffer.from([0xff, 0x41])]) {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(bytes.length)
    for (const option of [NBD_OPT.INFO, NBD_OPT.GO]) {
      const data = Buffer.concat([head, bytes, Buffer.alloc(2)])
      expect(await client.outcome(option, data)).toBe(NBD_REP.ERR_INVALID)
    }
    const old = await RawClient.greet(path)
    old.send(encodeOption(NBD_OPT.EXPORT_NAME, bytes))
    expect(await old.readToEnd()).toEqual(Buffer.alloc(0))
  }
  expect(await isAlive(client)).toBe(true)
})

test('an unknown export is refused by its name, and the negotiation goes on', async () => {
  const { path, events } = await startServer({ exports: EXPORTS })
  const client = await RawClient.greet(path)
  await client.outcome(NBD_OPT.STRUCTURED_REPLY)
  for (const [option, data] of [
    [NBD_OPT.INFO, asked('none')],
    [NBD_OPT.GO, asked('none')],
    [NBD_OPT.LIST_META_CONTEXT, queries('none')],
    [NBD_OPT.SET_META_CONTEXT, queries('none', BASE_ALLOCATION)],
  ] as const) {
    const [reply, ...more] = await client.option(option, data)
    expect(more).toEqual([])
    expect(reply).toMatchObject({ option, type: NBD_REP.ERR_UNKNOWN })
    expect(`${reply?.data}`).toBe("there is no export 'none'")
  }
  client.exportName('none')
  expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
  await eventually(() => events.some(({ event }) => event === 'refused'))
  expect(events.at(-1)).toMatchObject({
    event: 'refused',
    diagnostics: [
      { message: "the client was refused NBD_OPT_EXPORT_NAME: there is no export 'none'" },
    ],
  })
})

test('where no export is the default, that is said of its empty name', async () => {
  const named = exportOf(new MemoryStorage(1 << 20), { name: 'disk' })
  const client = await RawClient.greet((await startServer({ exports: [named] })).path)
  const [reply] = await client.option(NBD_OPT.INFO, asked(''))
  expect(reply).toMatchObject({ type: NBD_REP.ERR_UNKNOWN })
  expect(`${reply?.data}`).toBe('there is no default export')
})

test('data where none belongs is refused', async () => {
  const client = await RawClient.greet((await startServer()).path)
  const { LIST, STARTTLS, STRUCTURED_REPLY, EXTENDED_HEADERS } = NBD_OPT
  for (const option of [LIST, STARTTLS, STRUCTURED_REPLY, EXTENDED_HEADERS]) {
    expect(await client.outcome(option, Buffer.from('x'))).toBe(NBD_REP.ERR_INVALID)
  }
  expect(await isAlive(client)).toBe(true)
})

test.each([
  [NBD_OPT.INFO, asked('disk', 1, 2)],
  [NBD_OPT.GO, asked('disk', 1)],
  [NBD_OPT.LIST_META_CONTEXT, queries('disk', 'base:')],
  [NBD_OPT.SET_META_CONTEXT, queries('disk', BASE_ALLOCATION)],
])('data of option %d that is cut short or goes on is refused', async (option, data) => {
  const client = await RawClient.greet((await startServer({ exports: EXPORTS })).path)
  await client.outcome(NBD_OPT.STRUCTURED_REPLY)
  for (let length = 0; length < data.length; length++) {
    expect(await client.outcome(option, data.subarray(0, length))).toBe(NBD_REP.ERR_INVALID)
  }
  const long = Buffer.concat([data, Buffer.alloc(1)])
  expect(await client.outcome(option, long)).toBe(NBD_REP.ERR_INVALID)
  expect(await isAlive(client)).toBe(true)
})

test('an option with 2^32 - 1 queries and nothing behind it takes no memory', async () => {
  const client = await RawClient.greet((await startServer()).path)
  await client.outcome(NBD_OPT.STRUCTURED_REPLY)
  const data = Buffer.from('00000000ffffffff', 'hex')
  expect(await client.outcome(NBD_OPT.SET_META_CONTEXT, data)).toBe(NBD_REP.ERR_INVALID)
  expect(await isAlive(client)).toBe(true)
})

test('unknown options are refused with their number, long ones after their data', async () => {
  const client = await RawClient.greet((await startServer()).path)
  for (const option of [0, NBD_OPT.PEEK_EXPORT, 12, 99, 0xffff_ffff]) {
    const [reply] = await client.option(option, Buffer.alloc(1000))
    expect(reply).toMatchObject({ option, type: NBD_REP.ERR_UNSUP })
  }
  for (const option of [NBD_OPT.LIST, NBD_OPT.GO, 99]) {
    const [reply] = await client.option(option, Buffer.alloc(1 << 20))
    expect(reply).toMatchObject({ option, type: NBD_REP.ERR_TOO_BIG })
  }
  expect(await isAlive(client)).toBe(true)
  client.send(encodeOption(NBD_OPT.LIST).subarray(0, 12), Buffer.from('ffffffff', 'hex'))
  expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
})

test('an option that announces more than 32 MiB ends the connection before its data', async () => {
  const { path } = await startServer({ handshakeLimit: 0 })
  const announced = async (length: number) => {
    const client = await RawClient.greet(path)
    const header = Buffer.from(encodeOption(NBD_OPT.LIST))
    header.writeUInt32BE(length, header.length - 4)
    client.send(header)
    return client
  }
  const beyond = await announced(32 * 1024 * 1024 + 1)
  expect(await beyond.readToEnd()).toEqual(Buffer.alloc(0))
  const largest = await announced(32 * 1024 * 1024)
  for (let sent = 0; sent < 32; sent++) largest.send(Buffer.alloc(1024 * 1024))
  expect(await largest.readOptionReply()).toMatchObject({ type: NBD_REP.ERR_TOO_BIG })
})

test('ABORT is acknowledged and ends the connection', async () => {
  const { path, server } = await startServer()
  const client = await RawClient.greet(path)
  expect(await client.outcome(NBD_OPT.ABORT)).toBe(NBD_REP.ACK)
  expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
  client.stream.destroy()
  await eventually(() => server.connectionCount === 0)
})

test.each([
  ['unknown client flags', encodeClientFlags(7)],
  ['no option at all', Buffer.concat([encodeClientFlags(3), Buffer.alloc(16, 'GET / HTTP/1.1')])],
  ['all bits', Buffer.alloc(4, 0xff)],
])('%s end the connection with a reason in the log', async (_, bytes) => {
  const { path, events } = await startServer()
  const client = await RawClient.connect(path)
  client.send(bytes)
  expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
  await eventually(() => events.length > 1)
  expect(events[1]).toMatchObject({ diagnostics: [{ code: 'ENDPOINT_CLIENT_BROKE_PROTOCOL' }] })
})

test('more options than any client needs end the connection', async () => {
  const { path, events } = await startServer()
  const client = await RawClient.greet(path)
  for (let count = 0; count < 100; count++) client.send(encodeOption(NBD_OPT.LIST))
  await client.readToEnd()
  await eventually(() => events.length > 1)
  expect(events[1]).toMatchObject({ diagnostics: [{ code: 'ENDPOINT_CLIENT_BROKE_PROTOCOL' }] })
})

test('64 options are served, 8 more for each export, and none beyond', async () => {
  const { path } = await startServer({ exports: EXPORTS })
  const client = await RawClient.greet(path)
  for (let count = 0; count < 64 + 8 * 3; count++) {
    expect(await client.outcome(NBD_OPT.STARTTLS)).toBe(NBD_REP.ERR_POLICY)
  }
  client.send(encodeOption(NBD_OPT.STARTTLS))
  expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
})

describe('without the flag of the fixed new style', () => {
  test('EXPORT_NAME is served, with zeroes unless both sides do without', async () => {
    const { path } = await startServer({ exports: EXPORTS })
    for (const [flags, size] of [
      [0, 134],
      [1, 134],
      [2, 10],
      [3, 10],
    ] as const) {
      const client = await RawClient.greet(path, flags)
      client.exportName('disk')
      const reply = await client.channel.read(size)
      expect(reply.readBigUInt64BE()).toBe(2n << 20n)
      expect(reply.subarray(10).every((byte) => byte === 0)).toBe(true)
      client.stream.destroy()
    }
  })

  test('any other option ends the connection', async () => {
    const { path } = await startServer({ exports: EXPORTS })
    for (const option of Object.values(NBD_OPT)) {
      if (option === NBD_OPT.EXPORT_NAME) continue
      const client = await RawClient.greet(path, 2)
      client.send(encodeOption(option))
      expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
    }
  })
})

describe('styles of replies', () => {
  const { STRUCTURED_REPLY, EXTENDED_HEADERS } = NBD_OPT

  test('structured, then extended, which includes it', async () => {
    const client = await RawClient.greet((await startServer()).path)
    expect(await client.outcome(STRUCTURED_REPLY)).toBe(NBD_REP.ACK)
    expect(await client.outcome(STRUCTURED_REPLY)).toBe(NBD_REP.ERR_INVALID)
    expect(await client.outcome(EXTENDED_HEADERS)).toBe(NBD_REP.ACK)
    expect(await client.outcome(EXTENDED_HEADERS)).toBe(NBD_REP.ERR_INVALID)
    expect(await client.outcome(STRUCTURED_REPLY)).toBe(NBD_REP.ERR_EXT_HEADER_REQD)
  })

  test('the flags of an export tell what goes with the style', async () => {
    const { path } = await startServer()
    const flagsOf = async (...options: readonly number[]) => {
      const client = await RawClient.greet(path)
      for (const option of options) await client.outcome(option)
      const replies = await client.option(NBD_OPT.INFO, asked(''))
      const facts = replies.slice(0, -1).map(({ data }) => decodeInformation(data))
      const fact = facts.find(({ type }) => type === NBD_INFO.EXPORT)
      return fact?.type === NBD_INFO.EXPORT ? fact.flags & 0x1080 : undefined
    }
    expect(await flagsOf()).toBe(0)
    expect(await flagsOf(STRUCTURED_REPLY)).toBe(0x80)
    expect(await flagsOf(EXTENDED_HEADERS)).toBe(0x1080)
    expect(await flagsOf(STRUCTURED_REPLY, EXTENDED_HEADERS)).toBe(0x1080)
  })
})

describe('metadata contexts', () => {
  const { STRUCTURED_REPLY, LIST_META_CONTEXT, SET_META_CONTEXT } = NBD_OPT

  test('need structured replies', async () => {
    const client = await RawClient.greet((await startServer()).path)
    for (const option of [LIST_META_CONTEXT, SET_META_CONTEXT]) {
      expect(await client.outcome(option, queries('', BASE_ALLOCATION))).toBe(NBD_REP.ERR_INVALID)
    }
  })

  test.each([
    [LIST_META_CONTEXT, [], true],
    [LIST_META_CONTEXT, ['base:'], true],
    [LIST_META_CONTEXT, [BASE_ALLOCATION], true],
    [LIST_META_CONTEXT, ['qemu:', 'x', ''], false],
    [SET_META_CONTEXT, [], false],
    [SET_META_CONTEXT, ['base:'], false],
    [SET_META_CONTEXT, ['qemu:dirty-bitmap:x', BASE_ALLOCATION, BASE_ALLOCATION], true],
    [SET_META_CONTEXT, ['base:allocationx', 'BASE:ALLOCATION'], false],
  ] as const)('option %d with %j is answered: %s', async (option, list, isFound) => {
    const client = await RawClient.greet((await startServer()).path)
    await client.outcome(STRUCTURED_REPLY)
    const replies = await client.option(option, queries('', ...list))
    const names = replies.slice(0, -1).map(({ data }) => decodeMetaContext(data).name)
    expect(names).toEqual(isFound ? [BASE_ALLOCATION] : [])
    expect(replies.at(-1)?.type).toBe(NBD_REP.ACK)
  })
})
