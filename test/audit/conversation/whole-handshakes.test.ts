/** Whole handshakes with servers that break them: they are read as far as they can be, and no further. */
import { describe, expect, test } from 'vitest'
import { Connections } from '../../../src/audit/connection/connections.ts'
import { finishHandshake13 } from '../../../src/audit/conversation/finish13.ts'
import { handshake13 } from '../../../src/audit/conversation/handshake13.ts'
import {
  type OlderSession,
  olderHandshake,
} from '../../../src/audit/conversation/older-handshake.ts'
import { TlsChannel } from '../../../src/audit/conversation/tls-channel.ts'
import { encodeHandshake } from '../../../src/audit/messages/handshake.ts'
import { encodeRecords } from '../../../src/audit/messages/record.ts'
import { encodeServerHello } from '../../../src/audit/messages/server-hello.ts'
import { olderServer } from '../../fuzz/keyed-server.ts'
import type { Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'

const [TLS13, TLS12] = [0x0304, 0x0303]
const SCRIPT: Script = {
  ...{ versions: [TLS13, TLS12], suites: [0x1301, 0xc02f], groups: [29, 23], schemes: [0x0804] },
}

const record = (type: number, body: Buffer) => encodeRecords(type, 0x0303, body)
const message = (type: number, body: Buffer) => record(22, encodeHandshake({ type, body }))
const TICKET = message(4, Buffer.from('0000012c0000', 'hex'))
const malformed = (reason: string) => ({
  isAnswered: false,
  failure: { failure: 'malformed', reason },
})

describe('before TLS 1.3', () => {
  const offer = { version: TLS12, suites: [0xc02f], groups: [29], serverName: undefined }
  const reply = (script: Partial<Script>, resumed?: OlderSession, sessionId?: Buffer) =>
    scripted({ ...SCRIPT, ...script }).server.connections.ask('whole', (exchange) => {
      const channel = new TlsChannel(exchange, 0x0301)
      return olderHandshake(channel, sessionId ? { ...offer, sessionId } : offer, resumed)
    })

  test('one that is whole', async () => {
    expect(await reply({})).toMatchObject({
      value: { kind: 'handshake', handshake: { isResumed: false, request: undefined } },
    })
  })

  test.each<[string, Script['beforeFinished'], object]>([
    ['an alert', { alert: 51 }, { value: { kind: 'alert', alert: { level: 2, description: 51 } } }],
    ['data', record(23, Buffer.of(1)), malformed('data before the end of the handshake')],
    ['two tickets', Buffer.concat([TICKET, TICKET]), malformed('handshake message 4 there')],
    ['a request', message(0, Buffer.alloc(0)), malformed('handshake message 0 there')],
    ['nothing', 'close', { isAnswered: false, failure: { failure: 'closed' } }],
  ])('%s in place of the Finished', async (_, beforeFinished, asked) => {
    expect(await reply(beforeFinished ? { beforeFinished } : {})).toMatchObject(asked)
  })

  test('a Finished of another handshake', async () => {
    const choice = { version: TLS12, suite: 0xc02f }
    const change = (body: Buffer) => (body.length === 12 ? Buffer.alloc(12, 1) : body)
    const source = {
      connections: 0,
      open: async () => olderServer(choice, change, (bytes) => bytes),
    }
    const connections = new Connections({ source, seed: Buffer.alloc(32) })
    const asked = await connections.ask('other', (exchange) =>
      olderHandshake(new TlsChannel(exchange, 0x0301), offer),
    )
    expect(asked).toEqual(malformed('a Finished of another handshake'))
  })

  const hello = (fields: object) =>
    message(
      2,
      encodeServerHello({
        ...{ version: TLS12, random: Buffer.alloc(32, 7), sessionId: Buffer.alloc(0) },
        ...{ suite: 0xc02f, compression: 0, extensions: [], ...fields },
      }),
    )

  test.each([
    ['compresses', { compression: 1 }],
    ['chooses SSL 3.0', { version: 0x0300, suite: 0xc013 }],
    ['chooses a suite without a known cipher', { suite: 0xc011 }],
    ['chooses TLS 1.3', { suite: 0x1301, extensions: [{ type: 43, data: Buffer.of(3, 4) }] }],
  ])('a server that %s is not computed with', async (_, fields) => {
    const asked = await reply({ quirk: () => hello(fields) })
    expect(asked).toEqual({ isAnswered: true, value: { kind: 'not-computable' } })
  })

  test('a flight that breaks off is told with its reason', async () => {
    expect(await reply({ quirk: () => hello({}) })).toEqual({
      ...{ isAnswered: true, value: { kind: 'cut', failure: { failure: 'closed' } } },
    })
  })

  test('a flight without a key for the exchange is none', async () => {
    const flight = Buffer.concat([hello({}), message(14, Buffer.alloc(0))])
    expect(await reply({ quirk: () => flight })).toEqual(malformed('no key for the exchange'))
  })

  const DATA = record(23, Buffer.of(1))
  const REQUEST = message(0, Buffer.alloc(0))
  const HELLO = hello({ compression: 1 })

  test.each<[string, readonly Buffer[], object]>([
    [
      'data and requests in front of the hello do not answer',
      [DATA, REQUEST, DATA, HELLO],
      { isAnswered: true, value: { kind: 'not-computable' } },
    ],
    [
      'so many of them as come',
      [...Array<Buffer>(15).fill(DATA), HELLO],
      { isAnswered: true, value: { kind: 'not-computable' } },
    ],
    [
      'more of them are not waited for',
      [...Array<Buffer>(16).fill(DATA), HELLO],
      malformed('data without end in place of a ServerHello'),
    ],
  ])('%s', async (_, records, asked) => {
    expect(await reply({ quirk: () => Buffer.concat(records) })).toEqual(asked)
  })

  test.each<[string, Partial<OlderSession>, Script['namesSessions']]>([
    ['another suite', { suite: 0xc030 }, 'as-the-client'],
    ['another session', {}, true],
  ])('a session that is answered with %s is not resumed', async (_, change, namesSessions) => {
    const sessionId = Buffer.alloc(32, 9)
    const session: OlderSession = {
      ...{ version: TLS12, suite: 0xc02f, master: Buffer.alloc(48), ticket: undefined },
      ...{ sessionId, ...change },
    }
    const asked = await reply(namesSessions ? { namesSessions } : {}, session, sessionId)
    expect(asked).toMatchObject({ value: { kind: 'handshake', handshake: { isResumed: false } } })
  })
})

describe('in TLS 1.3', () => {
  const offer = { version: TLS13, suites: [0x1301], serverName: undefined }
  const reply = (script: Partial<Script>, group = 29) =>
    scripted({ ...SCRIPT, ...script }).server.connections.ask('whole', (exchange) =>
      handshake13(exchange, { ...offer, groups: [29, 23] }, group),
    )

  test('one that is whole', async () => {
    const request = { context: Buffer.alloc(0), types: [], schemes: [0x0403], authorities: [] }
    expect(await reply({ request, protocols: [] })).toMatchObject({
      value: {
        kind: 'handshake',
        handshake: {
          ...{ hello: { suite: 0x1301 }, encryptedExtensions: [], request, scheme: 0x0804 },
          certificates: [Buffer.alloc(100, 0x30)],
        },
      },
    })
  })

  test.each<[string, Partial<Script>, number, object]>([
    [
      'a group that is not computed with',
      {},
      0x7777,
      malformed('no share, because its group cannot be computed with'),
    ],
    [
      'a request for another share',
      { groups: [23] },
      29,
      malformed('a HelloRetryRequest although a share of its group was there'),
    ],
    [
      'an alert under keys',
      { beforeFinished: { alert: 120 } },
      29,
      { value: { kind: 'alert', alert: { level: 2, description: 120 } } },
    ],
    ['data', { beforeFinished: 'data' }, 29, malformed('data before the end of the handshake')],
    [
      'another message',
      { beforeFinished: 'message' },
      29,
      malformed("handshake message 24 in the server's flight"),
    ],
    [
      'an alert in clear',
      { quirk: () => ({ alert: 40 }) },
      29,
      { value: { kind: 'alert', alert: { level: 2, description: 40 } } },
    ],
    [
      'an older version',
      { quirk: () => message(2, Buffer.from(`0303${'07'.repeat(32)}00c02f00`, 'hex')) },
      29,
      { value: { kind: 'older', version: TLS12 } },
    ],
  ])('%s', async (_, script, group, asked) => {
    expect(await reply(script, group)).toMatchObject(asked)
  })

  test.each([
    ['no share', [], 'a share of another group than the client'],
    [
      'a share of another group',
      [{ type: 51, data: Buffer.from('0017000105', 'hex') }],
      'a share of another group than the client',
    ],
    [
      'a share that is no key',
      [{ type: 51, data: Buffer.from('001d000105', 'hex') }],
      'a share that is no key of its group',
    ],
  ])('%s', async (_, extensions, reason) => {
    const body = encodeServerHello({
      ...{ version: TLS12, random: Buffer.alloc(32, 7), sessionId: Buffer.alloc(0) },
      ...{ suite: 0x1301, compression: 0 },
      extensions: [{ type: 43, data: Buffer.of(3, 4) }, ...extensions],
    })
    expect(await reply({ quirk: () => message(2, body) })).toEqual(malformed(reason))
  })

  test('what is sent without end behind the handshake is no admission', async () => {
    const { server } = scripted({ ...SCRIPT, behind: ['too-much'] })
    const asked = await server.connections.ask('much', async (exchange) => {
      const first = await handshake13(exchange, { ...offer, groups: [29] }, 29)
      if (first.kind !== 'handshake') throw new Error(first.kind)
      return finishHandshake13(first.handshake, undefined)
    })
    expect(asked).toEqual({ isAnswered: false, failure: { failure: 'too-much' } })
  })
})
