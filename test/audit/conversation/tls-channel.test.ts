/** Messages over records: warnings, changes of keys, and what the hash of the handshake is over. RFC 5246, RFC 8446. */
import { describe, expect, test } from 'vitest'
import { Exchange } from '../../../src/audit/connection/exchange.ts'
import { Transcript } from '../../../src/audit/connection/transcript.ts'
import { askHello } from '../../../src/audit/conversation/server-flight.ts'
import {
  type RecordProtection,
  recordVersionFor,
  TlsChannel,
} from '../../../src/audit/conversation/tls-channel.ts'
import { encodeHandshake } from '../../../src/audit/messages/handshake.ts'
import { encodeRecords } from '../../../src/audit/messages/record.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { transportOf } from '../../fuzz/keyed-server.ts'

const record = (type: number, ...bytes: readonly (number | Buffer)[]) =>
  encodeRecords(
    ...([type, 0x0303] as const),
    Buffer.concat(bytes.map((part) => (typeof part === 'number' ? Buffer.of(part) : part))),
  )
const message = (type: number, body = Buffer.alloc(0)) => encodeHandshake({ type, body })
const DONE = message(14)
const CHANGE = record(20, 1)

function channelOf(...records: readonly Buffer[]) {
  const sent: Buffer[] = []
  const transport = transportOf([() => records])
  const exchange = new Exchange(
    { ...transport, send: (bytes) => void sent.push(bytes) },
    new Transcript('channel'),
    Buffer.alloc(32),
  )
  return { channel: new TlsChannel(exchange, 0x0301), sent, exchange }
}

const warning = (description: number) => record(21, 1, description)

describe('alerts', () => {
  test.each([
    ['a warning is passed over', [warning(112)], { kind: 'handshake', message: { type: 14 } }],
    [
      'eight warnings are passed over',
      Array<Buffer>(8).fill(warning(112)),
      { kind: 'handshake', message: { type: 14 } },
    ],
    [
      'of a flood of warnings, one is told',
      Array<Buffer>(9).fill(warning(112)),
      { kind: 'alert', alert: { level: 1, description: 112 } },
    ],
    ['close_notify', [warning(0)], { kind: 'alert', alert: { level: 1, description: 0 } }],
    ['no_renegotiation', [warning(100)], { kind: 'alert', alert: { level: 1, description: 100 } }],
    ['no_certificate', [warning(41)], { kind: 'alert', alert: { level: 1, description: 41 } }],
    [
      'one that is fatal',
      [record(21, 2, 112)],
      { kind: 'alert', alert: { level: 2, description: 112 } },
    ],
  ])('%s', async (_, records, incoming) => {
    const { channel } = channelOf(...records, record(22, DONE))
    expect(await channel.next()).toMatchObject(incoming)
  })
})

test.each([
  ['an alert', record(21, 2, 40)],
  ['data', record(23, 1)],
  ['a heartbeat', record(24, 1)],
])('within a message, %s breaks the protocol', async (_, between) => {
  const { channel } = channelOf(record(22, DONE.subarray(0, 3)), between)
  await expect(channel.next()).rejects.toThrow(ProtocolError)
})

test('a message may come in parts, and parts of two in one record', async () => {
  const both = Buffer.concat([message(11, Buffer.alloc(5)), DONE])
  const { channel } = channelOf(record(22, both.subarray(0, 2)), record(22, both.subarray(2)))
  expect(await channel.next()).toMatchObject({ message: { type: 11, body: Buffer.alloc(5) } })
  expect(await channel.next()).toMatchObject({ message: { type: 14 } })
})

test('data is told as it is', async () => {
  const { channel } = channelOf(record(23, 7, 8))
  expect(await channel.next()).toEqual({ kind: 'data', payload: Buffer.of(7, 8) })
})

test('the hash is over all messages but requests to renegotiate, and begins anew', async () => {
  const { channel } = channelOf(record(22, message(0), DONE))
  await channel.sendHandshake({ type: 1, body: Buffer.of(9) })
  expect(await channel.next()).toMatchObject({ message: { type: 0 } })
  await channel.next()
  expect(channel.transcript).toEqual(Buffer.concat([message(1, Buffer.of(9)), DONE]))
  channel.forgetTranscript()
  expect(channel.transcript).toHaveLength(0)
})

test('headers have the version of the channel until another is agreed upon', async () => {
  const { channel, sent } = channelOf()
  await channel.send(23, Buffer.of(1))
  channel.useVersion(0x0303)
  await channel.sendHandshake({ type: 14, body: Buffer.alloc(0) })
  expect(sent.map((bytes) => bytes.toString('hex'))).toEqual(['170301000101', '16030300040e000000'])
  expect([0x0300, 0x0301, 0x0302, 0x0303, 0x0304].map(recordVersionFor)).toEqual([
    ...[0x0300, 0x0301, 0x0301, 0x0301, 0x0301],
  ])
})

/** Turns data to an alert, so that it is seen what was opened. */
const opening: RecordProtection = {
  open: ({ version }) => ({ type: 21, version, payload: Buffer.of(2, 77) }),
  seal: (type, payload) => Buffer.from([0xee, type, ...payload]),
}

describe('changes of keys', () => {
  const kinds = async (channel: TlsChannel, count: number) => {
    const seen: string[] = []
    for (let at = 0; at < count; at++) seen.push((await channel.next()).kind)
    return seen
  }

  test('a change that is not awaited is passed over', async () => {
    const { channel } = channelOf(CHANGE, record(23, 1))
    expect(await kinds(channel, 1)).toEqual(['data'])
  })

  test('behind one that is awaited, records are opened', async () => {
    const { channel } = channelOf(record(23, 1), CHANGE, record(23, 1), record(23, 1))
    channel.protectReadingAfterChange(opening)
    expect(await kinds(channel, 3)).toEqual(['data', 'alert', 'alert'])
  })

  test('a change within a message breaks the protocol', async () => {
    const { channel } = channelOf(record(22, DONE.subarray(0, 3)), CHANGE)
    channel.protectReadingAfterChange(opening)
    await expect(channel.next()).rejects.toThrow('a message over a change of keys')
  })

  test('what is sent is sealed', async () => {
    const { channel, sent } = channelOf()
    channel.protectWriting(opening)
    await channel.send(23, Buffer.of(5))
    expect(sent).toEqual([Buffer.of(0xee, 23, 5)])
  })
})

describe('the flight of a server before TLS 1.3', () => {
  const hello = message(2, Buffer.from(`0303${'07'.repeat(32)}00c02f00`, 'hex'))
  const certificate = message(11, Buffer.from('000006000003300102', 'hex'))
  const offer = { version: 0x0303, suites: [0xc02f], serverName: undefined }
  const flightOf = async (...records: readonly Buffer[]) => {
    const reply = await askHello(channelOf(...records).exchange, offer)
    return reply.kind === 'flight' ? reply.flight : reply
  }

  test('is read to its end, past messages that tell nothing', async () => {
    const status = message(22, Buffer.alloc(4))
    expect(await flightOf(record(22, hello, certificate, status, DONE))).toMatchObject({
      ...{ version: 0x0303, suite: 0xc02f, retryGroup: undefined, cut: undefined },
      ...{ certificates: [Buffer.of(0x30, 1, 2)], keyExchange: undefined, request: undefined },
    })
  })

  test.each<[string, Buffer, object]>([
    ['the connection ends', Buffer.alloc(0), { failure: 'closed' }],
    [
      'data follows',
      record(23, 1),
      { failure: 'malformed', reason: 'an end of the handshake after its ServerHello' },
    ],
    [
      'an alert follows',
      record(21, 2, 80),
      { failure: 'malformed', reason: 'an end of the handshake after its ServerHello' },
    ],
    ['a message is broken', record(22, message(12, Buffer.of(3))), { failure: 'malformed' }],
  ])('keeps what was read where %s', async (_, rest, cut) => {
    expect(await flightOf(record(22, hello, certificate), rest)).toMatchObject({
      ...{ suite: 0xc02f, certificates: [Buffer.of(0x30, 1, 2)], cut },
    })
  })

  test('an alert in place of it is told', async () => {
    expect(await flightOf(record(21, 2, 40))).toEqual({
      ...{ kind: 'alert', alert: { level: 2, description: 40 } },
    })
  })

  test.each([
    ['another message', record(22, DONE)],
    ['data', record(23, 2)],
  ])('%s in place of it breaks the protocol', async (_, first) => {
    await expect(flightOf(first)).rejects.toThrow('something else than a ServerHello')
  })

  test('of a suite that exchanges no keys, what stands there for that is passed over', async () => {
    const rsa = message(2, Buffer.from(`0303${'07'.repeat(32)}00002f00`, 'hex'))
    const flight = await flightOf(record(22, rsa, message(12, Buffer.of(3)), DONE))
    expect(flight).toMatchObject({ cut: undefined, keyExchange: undefined })
  })
})
