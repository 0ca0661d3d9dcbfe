/** Keys and records against the TLS of Node.js: it takes what is sealed here, and what it seals is opened. */
import type { SecureContextOptions, TLSSocketOptions } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { Exchange } from '../../../src/audit/connection/exchange.ts'
import { Transcript } from '../../../src/audit/connection/transcript.ts'
import type { Transport } from '../../../src/audit/connection/transport.ts'
import { finishHandshake13 } from '../../../src/audit/conversation/finish13.ts'
import { handshake13 } from '../../../src/audit/conversation/handshake13.ts'
import {
  type OlderSession,
  olderHandshake,
} from '../../../src/audit/conversation/older-handshake.ts'
import { TlsChannel } from '../../../src/audit/conversation/tls-channel.ts'
import { isComputableSuite, olderCipherOf } from '../../../src/audit/key-schedule/older-ciphers.ts'
import { protectOlder } from '../../../src/audit/key-schedule/older-protection.ts'
import { suiteHash, Tls13Protection } from '../../../src/audit/key-schedule/tls13-protection.ts'
import { ProbedServer } from '../../../src/audit/probes/probe.ts'
import { probeResumption } from '../../../src/audit/probes/resumption.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { makeIdentity } from '../../tls/certificates.ts'
import { connectToNode } from '../node-tls-server.ts'

const RSA = makeIdentity('server', 'rsa-2048')
const EC = makeIdentity('server', 'ec-P-256')

const CONTEXT: SecureContextOptions = {
  ...{ cert: [RSA.certificate, EC.certificate], key: [RSA.key, EC.key] },
  ...{ minVersion: 'TLSv1', ciphers: 'ALL:COMPLEMENTOFALL:@SECLEVEL=0', dhparam: 'auto' },
  ecdhCurve: 'X25519:P-256:P-384:P-521:X448',
  ticketKeys: Buffer.alloc(48, 1),
}

const serve = (options: TLSSocketOptions = {}) => connectToNode({ ...CONTEXT, ...options })

const exchangeOver = (transport: Transport) =>
  new Exchange(transport, new Transcript('node'), Buffer.alloc(32, 9))

/** What comes back of what is sent, in many records. */
async function echoed(channel: TlsChannel): Promise<string> {
  let back = ''
  for (const said of ['one', 'two', 'three', '']) {
    if (said !== '') await channel.send(23, Buffer.from(said))
    while (back.length < 11 && !back.endsWith(said)) {
      const incoming = await channel.next()
      if (incoming.kind === 'data') back += incoming.payload.toString()
    }
  }
  return back
}

type Older = readonly [
  suite: string,
  number: number,
  version: number,
  encryptsFirst?: boolean | undefined,
]

describe('before TLS 1.3, a whole handshake and data', () => {
  const handshake = async (
    [, suite, version, encryptsFirst = true]: Older,
    resumed?: OlderSession,
  ) => {
    const { transport } = serve()
    const channel = new TlsChannel(exchangeOver(transport), 0x0301)
    const offer = {
      ...{ version, suites: [suite], serverName: undefined },
      ...(encryptsFirst ? {} : { without: [22] }),
      ...(resumed
        ? {
            sessionId: Buffer.alloc(32, 1),
            extra: [{ type: 35, data: resumed.ticket?.ticket ?? Buffer.alloc(0) }],
          }
        : {}),
    }
    const reply = await olderHandshake(channel, offer, resumed)
    if (reply.kind !== 'handshake') throw new Error(JSON.stringify(reply))
    expect(await echoed(channel)).toBe('onetwothree')
    return reply.handshake
  }

  const CHOICES: readonly Older[] = [
    ['AES128-SHA', 0x002f, 0x0301],
    ['AES128-SHA', 0x002f, 0x0302],
    ['AES128-SHA', 0x002f, 0x0303],
    ['AES256-SHA without encrypt-then-mac', 0x0035, 0x0301, false],
    ['AES256-SHA without encrypt-then-mac', 0x0035, 0x0302, false],
    ['AES256-SHA without encrypt-then-mac', 0x0035, 0x0303, false],
    ['AES128-SHA256', 0x003c, 0x0303],
    ['ECDHE-RSA-AES256-SHA384', 0xc028, 0x0303],
    ['ECDHE-RSA-AES256-SHA384 without encrypt-then-mac', 0xc028, 0x0303, false],
    ['CAMELLIA128-SHA', 0x0041, 0x0301],
    ['CAMELLIA256-SHA256', 0x00c0, 0x0303],
    ['AES128-GCM-SHA256', 0x009c, 0x0303],
    ['ECDHE-RSA-AES256-GCM-SHA384', 0xc030, 0x0303],
    ['ECDHE-ECDSA-CHACHA20-POLY1305', 0xcca9, 0x0303],
    ['AES128-CCM', 0xc09c, 0x0303],
    ['AES256-CCM8', 0xc0a1, 0x0303],
    ['ARIA128-GCM-SHA256', 0xc050, 0x0303],
    ['ECDHE-RSA-ARIA256-GCM-SHA384', 0xc061, 0x0303],
    ['DHE-RSA-AES128-GCM-SHA256', 0x009e, 0x0303],
    ['ECDHE-RSA-AES128-SHA', 0xc013, 0x0301],
  ]

  for (const choice of CHOICES) {
    const [name, suite, version] = choice
    test(`${name} in version ${version}`, async () => {
      const { session, isResumed } = await handshake(choice)
      expect(isResumed).toBe(false)
      expect(session).toMatchObject({ version, suite })
      expect(session.ticket?.ticket.length).toBeGreaterThan(0)
      expect((await handshake(choice, session)).isResumed).toBe(true)
    })
  }
})

describe('TLS 1.3, a whole handshake, data and its tickets', () => {
  const suites = [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_CCM_SHA256',
    'TLS_AES_128_CCM_8_SHA256',
  ]
  const CONTEXT13 = { ...CONTEXT, ciphers: `${suites.join(':')}:ALL:@SECLEVEL=0` }

  const begin = async (suite: number, group: number, options: TLSSocketOptions = {}) => {
    const exchange = exchangeOver(serve({ ...CONTEXT13, ...options }).transport)
    const offer = { version: 0x0304, suites: [suite], serverName: undefined }
    const reply = await handshake13(exchange, offer, group)
    if (reply.kind !== 'handshake') throw new Error(JSON.stringify(reply))
    return reply.handshake
  }

  test.each([
    ...suites.map((name, at) => [name, 0x1301 + at, 29]),
    ...[23, 24, 25, 30].map((group) => ['TLS_AES_128_GCM_SHA256', 0x1301, group]),
  ] as const)('%s (%i) with group %i', async (_, suite, group) => {
    const handshake = await begin(Number(suite), Number(group))
    expect(handshake.hello.suite).toBe(suite)
    expect(handshake.certificates).toHaveLength(1)
    expect(handshake.request).toBeUndefined()
    const finished = await finishHandshake13(handshake, undefined)
    expect(finished.admission).toBe('admitted')
    expect(finished.tickets).toHaveLength(2)
    const server = new ProbedServer(
      {
        ask: async (_, converse) => {
          const exchange = exchangeOver(serve(CONTEXT13).transport)
          return { isAnswered: true, value: await converse(exchange) }
        },
      },
      undefined,
    )
    server.finished = finished
    server.resumable = handshake
    expect(await probeResumption(server)).toEqual({
      pskDheKe: { answer: 'accepted' },
      // OpenSSL takes no ticket without a new agreement on a secret.
      pskKe: { answer: 'not-offered' },
    })
  })

  test('a client without a certificate that is asked for one', async () => {
    const handshake = await begin(0x1301, 29, { requestCert: true, rejectUnauthorized: false })
    expect(handshake.request?.schemes.length).toBeGreaterThan(0)
    const { admission, tickets } = await finishHandshake13(handshake, Buffer.from('x'))
    expect([admission, tickets.length]).toEqual(['admitted', 2])
  })
})

describe('suites before TLS 1.3 that can be computed with', () => {
  // RFC 5246, 5288, 6655, 7905, 6209, 4279.
  test.each<[string, number, number, boolean]>([
    ['RSA with AES_128_CBC_SHA', 0x002f, 0x0303, true],
    ['RSA with RC4', 0x0005, 0x0303, false],
    ['RSA with NULL', 0x0002, 0x0303, false],
    ['RSA with 3DES', 0x000a, 0x0301, true],
    ['ECDHE_RSA with AES_128_GCM', 0xc02f, 0x0303, true],
    ['a shared key', 0x008c, 0x0303, false],
    ['a shared key and DHE', 0x0090, 0x0303, false],
    ['a shared key and ECDHE', 0xc035, 0x0303, false],
    ['ECDH that is not ephemeral', 0xc004, 0x0303, false],
    ['DH without a name', 0x0034, 0x0303, true],
    ['a password', 0xc01d, 0x0303, false],
    ['a number that no suite has', 0xdefe, 0x0303, false],
  ])('%s', (_, suite, version, isComputable) => {
    expect(isComputableSuite(suite, version)).toBe(isComputable)
  })

  test.each<[number, number, object]>([
    [
      0x002f,
      0x0301,
      { kind: 'cbc', keyLength: 16, ivLength: 16, explicitLength: 0, prf: 'md5-sha1' },
    ],
    [0x002f, 0x0302, { ivLength: 0, explicitLength: 16, prf: 'md5-sha1' }],
    [0x000a, 0x0303, { name: 'des-ede3-cbc', keyLength: 24, explicitLength: 8, prf: 'sha256' }],
    [0x000a, 0x0301, { keyLength: 24, ivLength: 8, explicitLength: 0 }],
    [0xc028, 0x0303, { mac: { hash: 'sha384', length: 48 }, keyLength: 32, prf: 'sha384' }],
    [0xc0a1, 0x0303, { kind: 'aead', tagLength: 8, ivLength: 4, explicitLength: 8 }],
    [0xcca8, 0x0303, { ivLength: 12, explicitLength: 0, keyLength: 32, tagLength: 16 }],
  ])('suite %i of version %i', (suite, version, expected) => {
    expect(olderCipherOf(suite, version)).toMatchObject(expected)
  })
})

describe('records that were not made with the keys', () => {
  const random = (length: number) => Buffer.alloc(length, 7)
  const older = (suite: number, version: number, encryptsFirst: boolean) => {
    const cipher = olderCipherOf(suite, version)
    if (!cipher) throw new Error('Node.js has the cipher')
    const master = Buffer.alloc(48, 1)
    const [clientRandom, serverRandom] = [Buffer.alloc(32, 2), Buffer.alloc(32, 3)]
    const connection = {
      version,
      cipher,
      master,
      clientRandom,
      serverRandom,
      encryptsFirst,
      random,
    }
    return { one: protectOlder(connection).client, other: protectOlder(connection).client }
  }

  test.each<[string, number, number, boolean]>([
    ['AEAD', 0xc02f, 0x0303, false],
    ['ChaCha20', 0xcca8, 0x0303, false],
    ['CBC', 0x002f, 0x0303, false],
    ['CBC of TLS 1.0', 0x002f, 0x0301, false],
    ['CBC, encrypted first', 0x002f, 0x0303, true],
  ])('%s: each byte counts, the order too, and no part is enough', (_, suite, version, first) => {
    const sealed = older(suite, version, first).one.seal(23, Buffer.from('content'))
    const payload = sealed.subarray(5)
    const open = (bytes: Buffer, type = 23) =>
      older(suite, version, first).other.open({ type, version, payload: bytes })
    expect(sealed.subarray(0, 3)).toEqual(Buffer.from([23, 3, version & 0xff]))
    expect(sealed.readUInt16BE(3)).toBe(payload.length)
    expect(open(payload).payload.toString()).toBe('content')
    expect(() => open(payload, 22)).toThrow(ProtocolError)
    for (let at = 0; at < payload.length; at++) {
      const changed = Buffer.from(payload)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      // RFC 2246 section 6.2.3.2: what the padding holds is not checked in TLS 1.0, nor does it tell anything here.
      const outcome = outcomeOf(() => open(changed).payload.toString())
      expect(['refused', ...(isPadding(suite, first, at, payload) ? ['content'] : [])]).toContain(
        outcome,
      )
      expect(outcomeOf(() => open(payload.subarray(0, at)))).toBe('refused')
    }
    const { one, other } = older(suite, version, first)
    one.seal(23, Buffer.from('lost'))
    const second = one.seal(23, Buffer.from('content'))
    expect(() => other.open({ type: 23, version, payload: second.subarray(5) })).toThrow(
      ProtocolError,
    )
  })

  test('of TLS 1.3', () => {
    const traffic = Buffer.alloc(32, 5)
    const sealed = new Tls13Protection(0x1301, traffic).seal(22, Buffer.from('content'))
    const open = (payload: Buffer, type = 23) =>
      new Tls13Protection(0x1301, traffic).open({ type, version: 0x0303, payload })
    const payload = sealed.subarray(5)
    expect([...sealed.subarray(0, 5)]).toEqual([23, 3, 3, 0, payload.length])
    expect(open(payload)).toEqual({ type: 22, version: 0x0303, payload: Buffer.from('content') })
    // A change of cipher is in clear.
    expect(open(Buffer.of(1), 20)).toEqual({ type: 20, version: 0x0303, payload: Buffer.of(1) })
    for (let at = 0; at < payload.length; at++) {
      const changed = Buffer.from(payload)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(() => open(changed)).toThrow(ProtocolError)
      expect(() => open(payload.subarray(0, at))).toThrow(ProtocolError)
    }
    // Zeros behind the type are padding; without a type there is nothing to read: RFC 8446 section 5.4.
    const padded = new Tls13Protection(0x1301, traffic).seal(0, Buffer.from([9, 9, 22, 0, 0]))
    expect(open(padded.subarray(5))).toMatchObject({ type: 22, payload: Buffer.from([9, 9]) })
    const empty = new Tls13Protection(0x1301, traffic).seal(0, Buffer.from([0, 0]))
    expect(() => open(empty.subarray(5))).toThrow(ProtocolError)
    expect(() => new Tls13Protection(0xc02f, traffic)).toThrow(ProtocolError)
    expect(() => suiteHash(0xc02f)).toThrow(ProtocolError)
    expect([0x1301, 0x1302, 0x1303, 0x1304, 0x1305].map(suiteHash)).toEqual([
      ...['sha256', 'sha384', 'sha256', 'sha256', 'sha256'],
    ])
  })
})

function outcomeOf(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    if (error instanceof ProtocolError) return 'refused'
    throw error
  }
}

/** Whether a byte of a record of CBC only changes what the padding holds. */
function isPadding(suite: number, encryptsFirst: boolean, at: number, payload: Buffer): boolean {
  if (suite !== 0x002f || encryptsFirst) return false
  return at >= payload.length - 32 && at < payload.length - 17
}
