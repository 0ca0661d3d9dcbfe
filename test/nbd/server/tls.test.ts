import { duplexPair } from 'node:stream'
import { describe, expect, test } from 'vitest'
import {
  BASE_ALLOCATION,
  NBD_CMD,
  NBD_INFO,
  NBD_OPT,
  NBD_REP,
} from '../../../src/nbd/protocol/constants.ts'
import { encodeClientFlags, GREETING_SIZE } from '../../../src/nbd/protocol/greeting.ts'
import { encodeInfoOption, encodeMetaContextOption } from '../../../src/nbd/protocol/option-data.ts'
import { encodeOption } from '../../../src/nbd/protocol/option-header.ts'
import { decodeInformation } from '../../../src/nbd/protocol/option-replies.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { RawClient } from './raw-client.ts'
import { RawTransmission } from './raw-transmission.ts'
import { eventually, exportOf, startServer } from './test-server.ts'

const { STARTTLS, LIST, INFO, GO, STRUCTURED_REPLY, SET_META_CONTEXT, EXTENDED_HEADERS } = NBD_OPT

const go = encodeInfoOption({ name: '', information: [] })
const allocation = encodeMetaContextOption({ name: '', queries: [BASE_ALLOCATION] })

/** The flags that NBD_OPT_INFO tells of the default export. */
async function exportFlags(client: RawClient): Promise<number> {
  const [{ data } = { data: Buffer.alloc(0) }] = await client.option(INFO, go)
  const fact = decodeInformation(data)
  return fact.type === NBD_INFO.EXPORT ? fact.flags : 0
}

const SEND_DF = 0x80

describe('off', () => {
  test('STARTTLS is refused in words, and the client may go on in clear', async () => {
    const { path } = await startServer({ tlsMode: 'off' })
    const client = await RawClient.greet(path)
    const [reply] = await client.option(STARTTLS)
    expect(reply?.type).toBe(NBD_REP.ERR_POLICY)
    expect(`${reply?.data}`).toBe('this NBD server has no TLS; connect without TLS credentials')
    expect(await client.outcome(GO, go)).toBe(NBD_REP.ACK)
  })

  test('the log tells of a client that leaves because it wants TLS', async () => {
    const { path, events } = await startServer({ tlsMode: 'off' })
    const client = await RawClient.greet(path)
    await client.option(STARTTLS)
    await client.option(NBD_OPT.ABORT)
    await eventually(() => events.length > 1)
    expect(events[1]).toMatchObject({
      event: 'refused',
      diagnostics: [
        { message: expect.stringContaining('NBD_OPT_STARTTLS: this NBD server has no') },
      ],
    })
  })
})

describe('required', () => {
  test('before TLS every option but ABORT is refused in the same words, whether it exists or not', async () => {
    const exports = [exportOf(new MemoryStorage(1 << 20), { name: 'secret' })]
    const { path } = await startServer({ tlsMode: 'required', exports })
    const client = await RawClient.greet(path)
    const refusalOf = async (option: number, data?: Buffer) => {
      const replies = await client.option(option, data)
      expect(replies).toMatchObject([{ option, type: NBD_REP.ERR_TLS_REQD }])
      return `${replies[0]?.data}`.replace(/^NBD_OPT_\w+|^unknown option \w+/, 'OPTION')
    }
    const named = (name: string) => [
      [INFO, encodeInfoOption({ name, information: [0, 1, 2, 3] })] as const,
      [GO, encodeInfoOption({ name, information: [] })] as const,
      [NBD_OPT.LIST_META_CONTEXT, encodeMetaContextOption({ name, queries: [] })] as const,
      [SET_META_CONTEXT, encodeMetaContextOption({ name, queries: [BASE_ALLOCATION] })] as const,
    ]
    const words = new Set<string>()
    for (const [option, data] of [...named('secret'), ...named('nothing'), ...named('')]) {
      words.add(await refusalOf(option, data))
    }
    for (const option of [LIST, STRUCTURED_REPLY, EXTENDED_HEADERS, NBD_OPT.PEEK_EXPORT, 99]) {
      words.add(await refusalOf(option))
      words.add(await refusalOf(option, Buffer.alloc(100, 0xff)))
    }
    expect([...words]).toEqual([
      'OPTION is not permitted before TLS: this NBD server requires TLS; connect with TLS credentials',
    ])
    expect(await client.outcome(LIST, Buffer.alloc(1 << 17))).toBe(NBD_REP.ERR_TLS_REQD)
    expect(await client.outcome(NBD_OPT.ABORT)).toBe(NBD_REP.ACK)
  })

  test('EXPORT_NAME ends the connection without a word, whether it exists or not', async () => {
    const exports = [exportOf(new MemoryStorage(1 << 20), { name: 'secret' })]
    const { path, events } = await startServer({ tlsMode: 'required', exports })
    for (const flags of [0, 3]) {
      for (const name of ['secret', 'nothing', '']) {
        const client = await RawClient.greet(path, flags)
        client.exportName(name)
        expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
      }
    }
    await eventually(() => events.filter(({ event }) => event === 'refused').length === 6)
    const told = events.filter(({ event }) => event === 'refused')
    expect(
      new Set(told.map((event) => JSON.stringify('diagnostics' in event && event.diagnostics)))
        .size,
    ).toBe(1)
  })

  test('after TLS all is served, nothing asks for TLS again, and TLS cannot begin twice', async () => {
    const { path, events } = await startServer({ tlsMode: 'required' })
    const client = await RawClient.greet(path)
    await client.outcome(LIST)
    await client.startTls()
    expect(await client.outcome(STARTTLS)).toBe(NBD_REP.ERR_INVALID)
    expect(await client.outcome(STARTTLS, Buffer.alloc(1))).toBe(NBD_REP.ERR_INVALID)
    expect(await client.outcome(LIST)).toBe(NBD_REP.ACK)
    await client.go('structured')
    const transmission = new RawTransmission(client, 'structured')
    expect(await transmission.error({ command: NBD_CMD.READ, length: 4096 })).toBe(0)
    expect(events.map(({ event }) => event)).toEqual(['connected', 'secured', 'serving'])
  })

  test('STARTTLS with data is refused and may be said again', async () => {
    const client = await RawClient.greet((await startServer({ tlsMode: 'required' })).path)
    expect(await client.outcome(STARTTLS, Buffer.alloc(1))).toBe(NBD_REP.ERR_INVALID)
    await client.startTls()
    expect(await client.outcome(LIST)).toBe(NBD_REP.ACK)
  })

  test('without the fixed new style there is no STARTTLS', async () => {
    const client = await RawClient.greet((await startServer({ tlsMode: 'required' })).path, 2)
    client.send(encodeOption(STARTTLS))
    expect(await client.readToEnd()).toEqual(Buffer.alloc(0))
  })
})

describe('optional', () => {
  test('serves in clear and within TLS', async () => {
    const { path } = await startServer({ tlsMode: 'optional' })
    const clear = await RawTransmission.open(path, 'structured')
    expect(await clear.error({ command: NBD_CMD.READ, length: 4096 })).toBe(0)
    const client = await RawClient.greet(path)
    await client.startTls()
    await client.go('extended')
    const secured = new RawTransmission(client, 'extended')
    expect(await secured.error({ command: NBD_CMD.READ, length: 4096 })).toBe(0)
  })
})

describe('what a man in the middle says in clear does not survive (CVE-2021-3716)', () => {
  test.each([STRUCTURED_REPLY, EXTENDED_HEADERS])(
    'option %d before STARTTLS is forgotten',
    async (option) => {
      const client = await RawClient.greet((await startServer({ tlsMode: 'optional' })).path)
      expect(await client.outcome(option)).toBe(NBD_REP.ACK)
      expect((await exportFlags(client)) & SEND_DF).toBe(SEND_DF)
      await client.startTls()
      expect((await exportFlags(client)) & SEND_DF).toBe(0)
      expect(await client.outcome(SET_META_CONTEXT, allocation)).toBe(NBD_REP.ERR_INVALID)
      expect(await client.outcome(option)).toBe(NBD_REP.ACK)
    },
  )

  test('a metadata context chosen before STARTTLS is forgotten', async () => {
    const client = await RawClient.greet((await startServer({ tlsMode: 'optional' })).path)
    await client.outcome(STRUCTURED_REPLY)
    expect((await client.option(SET_META_CONTEXT, allocation)).length).toBe(2)
    await client.startTls()
    await client.outcome(STRUCTURED_REPLY)
    expect(await client.outcome(GO, go)).toBe(NBD_REP.ACK)
    const transmission = new RawTransmission(client, 'structured')
    expect(await transmission.error({ command: NBD_CMD.BLOCK_STATUS, length: 4096 })).toBe(22)
  })

  test.each(['optional', 'required'] as const)(
    'options in the same packet as STARTTLS are thrown away (%s)',
    async (tlsMode) => {
      const client = await RawClient.greet((await startServer({ tlsMode })).path)
      client.send(
        encodeOption(STARTTLS),
        encodeOption(STRUCTURED_REPLY),
        encodeOption(SET_META_CONTEXT, allocation),
        encodeOption(GO, go),
      )
      expect(await client.readOptionReply()).toMatchObject({ option: STARTTLS, type: NBD_REP.ACK })
      await client.secure()
      // The next reply answers what is asked now, and nothing that was asked in clear.
      expect(await client.outcome(LIST)).toBe(NBD_REP.ACK)
      expect((await exportFlags(client)) & SEND_DF).toBe(0)
    },
  )

  test('part of an option behind STARTTLS does not eat what comes within TLS', async () => {
    const client = await RawClient.greet((await startServer({ tlsMode: 'required' })).path)
    client.send(encodeOption(STARTTLS), encodeOption(GO, Buffer.alloc(1000)).subarray(0, 50))
    await client.readOptionReply()
    await client.secure()
    expect(await client.outcome(LIST)).toBe(NBD_REP.ACK)
  })

  test('whose end came behind it as well is not waited for', async () => {
    const { events, server } = await startServer({ tlsMode: 'required' })
    // Of a socket, the kernel keeps the end; a pair of streams tells it once.
    const [near, far] = duplexPair()
    const served = server.serve(far, 'pair')
    const client = new RawClient(near)
    await client.channel.read(GREETING_SIZE)
    client.send(encodeClientFlags(3), encodeOption(STARTTLS))
    near.end(encodeOption(LIST))
    await served
    // Not the time-out of the handshake: that one would have been waited for.
    expect(events.at(-1)).toMatchObject({ diagnostics: [{ code: 'ENDPOINT_CLIENT_LOST' }] })
  })
})

test.each([
  ['clear text', encodeOption(GO, go)],
  ['zeroes', Buffer.alloc(4096)],
  ['a record of TLS that is none', Buffer.from(`160301ffff${'00'.repeat(100)}`, 'hex')],
  ['an alert', Buffer.from('15030300020228', 'hex')],
  ['nothing', Buffer.alloc(0)],
])('a handshake that fails for %s never falls back to clear', async (_, bytes) => {
  for (const tlsMode of ['optional', 'required'] as const) {
    const { path, events, server } = await startServer({ tlsMode })
    const client = await RawClient.greet(path)
    expect(await client.outcome(STARTTLS)).toBe(NBD_REP.ACK)
    client.send(bytes)
    client.stream.end(encodeOption(LIST))
    const answer = await client.readToEnd()
    // At most an alert of TLS.
    expect(answer.length).toBeLessThan(16)
    expect(answer.includes('0003e889045565a9', 0, 'hex')).toBe(false)
    await eventually(() => server.connectionCount === 0)
    expect(events.at(-1)?.event).toBe('refused')
  }
})

test('clients that vanish at any moment of TLS leave no connection behind', async () => {
  const { path, server, events } = await startServer({ tlsMode: 'required' })
  const vanish = async (stage: number) => {
    const client = await RawClient.greet(path)
    if (stage > 0) await client.outcome(STARTTLS)
    if (stage > 1) client.send(Buffer.from('16030100', 'hex'))
    if (stage > 2) {
      const fresh = await RawClient.greet(path)
      await fresh.startTls()
      if (stage > 3) await fresh.go('structured')
      const transmission = new RawTransmission(fresh, 'structured')
      if (stage > 4) transmission.send({ command: NBD_CMD.READ, length: 32 << 20 })
      if (stage % 2 === 0) fresh.stream.destroy()
      else fresh.stream.end()
    }
    client.stream.destroy()
  }
  for (let round = 0; round < 10; round++) {
    await Promise.all([0, 1, 2, 3, 4, 5, 6].map(vanish))
  }
  await eventually(() => server.connectionCount === 0)
  const came = events.filter(({ event }) => event === 'connected')
  const went = events.filter(({ event }) => event === 'left' || event === 'refused')
  expect(went.length).toBe(came.length)
})

test('who ends its side within TLS gets a reply to all that was asked before', async () => {
  const { path, server } = await startServer({ tlsMode: 'required' })
  const client = await RawClient.greet(path)
  await client.startTls()
  await client.go('structured')
  const transmission = new RawTransmission(client, 'structured')
  const calls = Array.from({ length: 300 }, (_, index) => ({
    command: NBD_CMD.READ,
    offset: index,
    length: 100_000,
  }))
  client.stream.end(Buffer.concat(calls.map((call) => transmission.encode(call))))
  expect((await transmission.readReplies(calls.length)).size).toBe(calls.length)
  await client.readToEnd()
  await eventually(() => server.connectionCount === 0)
})
