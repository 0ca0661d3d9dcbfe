/** Servers that want to hold an audit up or break it: there is a report all the same. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Connections } from '../../../src/audit/connection/connections.ts'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import type { Transcript } from '../../../src/audit/connection/transcript.ts'
import type { TransportSource } from '../../../src/audit/connection/transport.ts'
import { ReplaySource } from '../../../src/audit/evidence/replay-source.ts'
import { encodeCertificate12 } from '../../../src/audit/messages/certificate.ts'
import { encodeHandshake } from '../../../src/audit/messages/handshake.ts'
import { encodeRecords } from '../../../src/audit/messages/record.ts'
import { encodeServerHello } from '../../../src/audit/messages/server-hello.ts'
import type { TlsScan } from '../../../src/audit/model.ts'
import { ProbedServer } from '../../../src/audit/probes/probe.ts'
import { probeResumption } from '../../../src/audit/probes/resumption.ts'
import { scanTls } from '../../../src/audit/scan/scan-tls.ts'
import { keyFiles } from '../../interop/audit/audited-server.ts'
import { startPeer } from '../../interop/tls-peer.ts'
import { testWith } from '../../peers/peer.ts'

async function serve(behave: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.on('close', () => sockets.delete(socket))
    behave(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** @param silence In milliseconds: small only where a server says nothing, or next to nothing. */
async function audit(port: number, silence = 60_000): Promise<TlsScan> {
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const limits = { ...DEFAULT_LIMITS, silence, duration: 3 * silence }
  const source = new DialedSource(address, limits)
  const connections = new Connections({ source, seed: Buffer.alloc(32) })
  return scanTls(new ProbedServer(connections, undefined, [20, 40, 80, 160, 320]))
}

const handshake = (type: number, body: Buffer) =>
  encodeRecords(22, 0x0303, encodeHandshake({ type, body }))

const SERVER_HELLO = handshake(
  2,
  encodeServerHello({
    ...{ version: 0x0303, random: Buffer.alloc(32), sessionId: Buffer.alloc(0) },
    ...{ suite: 0xc02f, compression: 0, extensions: [] },
  }),
)

/** The beginning of a record that never ends. */
const RECORD = Buffer.concat([Buffer.from('1603034000', 'hex'), Buffer.alloc(0x4000)])

/** Writes as long as the peer reads. */
function flood(socket: Socket, bytes: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  }
  socket.on('drain', more)
  more()
}

const onHello = (behave: (socket: Socket) => void) => (socket: Socket) =>
  void socket.once('data', () => behave(socket))

test.each<[string, (socket: Socket) => void, string, number?]>([
  ['silence', () => {}, 'timed-out', 200],
  ['a connection that is closed at once', (socket) => void socket.end(), 'refused'],
  ['a reset', onHello((socket) => void socket.resetAndDestroy()), 'refused'],
  ['garbage', onHello((socket) => void socket.end(Buffer.alloc(4096, 0x5a))), 'unknown'],
  ...[1, 4, 5, 9, 40].map((length): [string, (socket: Socket) => void, string] => [
    `an end behind ${length} bytes of a ServerHello`,
    onHello((socket) => void socket.end(SERVER_HELLO.subarray(0, length))),
    'unknown',
  ]),
  [
    'an end between two records of a ServerHello',
    onHello((socket) => void socket.end(encodeRecords(22, 0x0303, Buffer.of(2, 0)))),
    'unknown',
  ],
  ['a greeting of another protocol', (socket) => void socket.write('220 ready\r\n'), 'unknown'],
  [
    'records without end, of one warning each',
    onHello((socket) => flood(socket, Buffer.from('15030300020170'.repeat(500), 'hex'))),
    'refused',
  ],
  [
    'empty records without end',
    onHello((socket) => flood(socket, Buffer.from('1603030000'.repeat(500), 'hex'))),
    'unknown',
  ],
  [
    'a message that claims 16 MB',
    onHello((socket) => flood(socket, encodeRecords(22, 0x0303, Buffer.alloc(1000, 0xff)))),
    'unknown',
  ],
  [
    'a drip',
    onHello((socket) => {
      let at = 0
      const timer = setInterval(() => socket.write(Buffer.from(RECORD.subarray(at, ++at))), 50)
      socket.on('close', () => clearInterval(timer))
    }),
    'timed-out',
    500,
  ],
])('%s', async (_, behave, answer, silence) => {
  const tls = await audit(await serve(behave), silence)
  expect(tls.suites).toEqual([])
  expect(tls.versions).toHaveLength(6)
  expect(tls.versions[1]?.result.answer).toBe(answer)
})

test('a suite that was chosen is known although a certificate without end follows', async () => {
  const huge = encodeCertificate12(Array.from({ length: 60 }, () => Buffer.alloc(100_000, 0x30)))
  const behave = onHello((socket) => {
    socket.write(SERVER_HELLO)
    flood(socket, handshake(11, huge))
  })
  const tls = await audit(await serve(behave))
  const [suites] = tls.suites
  expect(suites?.items.map(({ name }) => name)).toEqual(['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'])
  // It chooses the same again, which was not offered.
  expect(suites?.end).toMatchObject({ answer: 'unknown' })
})

test('a list is not whole where the server fails over a suite that it has picked', async () => {
  const picked = Buffer.from('c02f', 'hex')
  const tls = await audit(
    await serve((socket) =>
      socket.once('data', (hello: Buffer) =>
        socket.end(hello.includes(picked) ? SERVER_HELLO : Buffer.from('15030300020250', 'hex')),
      ),
    ),
  )
  const failed = { answer: 'unknown', because: 'the server failed (internal_error)' }
  expect(tls.suites).toMatchObject([
    { version: 'TLS1.2', items: [{ number: 0xc02f }], end: failed },
  ])
  expect(tls.versions[0]).toEqual({ name: 'TLS1.3', number: 0x0304, result: failed })
})

test('a server that fails at every question has refused no version', async () => {
  const tls = await audit(
    await serve((socket) =>
      socket.once('data', () => socket.end(Buffer.from('15030300020250', 'hex'))),
    ),
  )
  const failed = { answer: 'unknown', because: 'the server failed (internal_error)' }
  const tlsVersions = tls.versions.filter(({ name }) => name.startsWith('TLS'))
  expect(tlsVersions.map(({ result }) => result)).toEqual([failed, failed, failed, failed])
})

/** The random of a HelloRetryRequest: RFC 8446 section 4.1.3. */
const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'

/** A ServerHello of TLS 1.3 that says this of a key share. */
function hello13(clientHello: Buffer, random: string, share: string): Buffer {
  const sessionId = clientHello.subarray(43, 44 + (clientHello[43] ?? 0)).toString('hex')
  const extensions = `002b00020304${share}`
  const length = (extensions.length / 2).toString(16).padStart(4, '0')
  const body = Buffer.from(`0303${random}${sessionId}130100${length}${extensions}`, 'hex')
  const header = Buffer.from('160303000002000000', 'hex')
  header.writeUInt16BE(body.length + 4, 3)
  header.writeUIntBE(body.length, 6, 3)
  return Buffer.concat([header, body])
}

test.each([
  ['asks for another share without end', RETRY, ['003300020017', '003300020018', '00330002001d']],
  ['asks for a share of no group', RETRY, ['003300026a6a']],
  [
    'answers with a share of a group that was not offered',
    'ab'.repeat(32),
    [`00330024ffab0020${'cd'.repeat(32)}`],
  ],
])('a server that %s is left, and its list is not whole', async (_, random, shares) => {
  const tls = await audit(
    await serve((socket) => {
      let answers = 0
      socket.on('data', (data: Buffer) => {
        if (data[0] !== 22 || data.length < 100) return
        socket.write(hello13(data, random, shares[answers++ % shares.length] ?? ''))
      })
    }),
    500,
  )
  expect(tls.suites).toMatchObject([
    { version: 'TLS1.3', items: [{ number: 0x1301 }], end: { answer: 'unknown' } },
  ])
  expect(tls.groups.flatMap(({ items }) => items).length).toBeLessThanOrEqual(3)
  expect(tls.signatures.flatMap(({ items }) => items)).toEqual([])
})

testWith('openssl', 'fragments of one byte are as good as whole records', async () => {
  const [rsa] = keyFiles(['rsa-2048'])
  const real = await startPeer('openssl', (port) => [
    ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-tls1_2'],
    ...['-cipher', 'ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA', '-groups', 'P-256'],
    ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
  ])
  const port = await serve((client) => {
    const server = connect(real, '127.0.0.1')
    server.on('error', () => client.destroy())
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroySoon())
    client.pipe(server)
    client.setNoDelay()
    server.on('data', (bytes: Buffer) => {
      for (const byte of bytes) client.write(Buffer.from([byte]))
    })
  })
  const tls = await audit(port, 60_000)
  expect(tls.suites[0]?.items.map(({ name }) => name).toSorted()).toEqual([
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_RSA_WITH_AES_256_CBC_SHA',
  ])
  expect(tls.chains).toHaveLength(1)
})

/** A server of OpenSSL behind a door that lets so many connections in at a time, and shuts others without a word. */
async function behindDoor(isOpen: (connection: number) => boolean): Promise<number> {
  const [rsa] = keyFiles(['rsa-2048'])
  const real = await startPeer('openssl', (port) => [
    ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-tls1_2'],
    ...['-cipher', 'ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA:AES128-SHA', '-groups', 'P-256'],
    ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
  ])
  let connections = 0
  return serve((client) => {
    if (!isOpen(++connections)) return void client.destroy()
    const server = connect(real, '127.0.0.1')
    server.on('error', () => client.destroy())
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroySoon())
    client.pipe(server).pipe(client)
  })
}

testWith('openssl', 'a server that shuts its door for a while is waited for', async () => {
  const port = await behindDoor((connection) => connection <= 8 || connection > 12)
  const tls = await audit(port)
  expect(tls.suites[0]?.items).toHaveLength(3)
  expect(tls.suites[0]?.end).toMatchObject({ answer: 'refused', alert: 40 })
})

testWith('openssl', 'a server that shuts its door for good is told as rate-limited', async () => {
  const tls = await audit(await behindDoor((connection) => connection <= 8))
  expect(tls.suites[0]?.end).toEqual({ answer: 'rate-limited' })
})

testWith('openssl', 'a server that refuses by closing is told as refusing', async () => {
  const [rsa] = keyFiles(['rsa-2048'])
  const real = await startPeer('openssl', (port) => [
    ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-tls1_2'],
    ...[
      '-cert',
      rsa?.certificate ?? '',
      '-key',
      rsa?.key ?? '',
      '-cipher',
      'AES256-SHA:AES128-SHA',
    ],
  ])
  const port = await serve((client) => {
    const server = connect(real, '127.0.0.1')
    server.on('error', () => client.destroy())
    client.on('close', () => server.destroy())
    client.pipe(server)
    // An alert is kept from the client.
    server.on(
      'data',
      (bytes: Buffer) => void (bytes[0] === 21 ? client.end() : client.write(bytes)),
    )
  })
  const tls = await audit(port)
  expect(tls.suites[0]?.items).toHaveLength(2)
  expect(tls.suites[0]?.end).toEqual({ answer: 'refused', alert: null, name: null })
})

/** The first suite of a ClientHello in one record. */
function firstSuite(hello: Buffer): Buffer {
  const atSuites = 44 + hello.readUInt8(43)
  return hello.subarray(atSuites + 2, atSuites + 4)
}

test('a server that shows a larger chain in every answer is cut off in the whole', async () => {
  const chain = handshake(
    11,
    encodeCertificate12(Array.from({ length: 30 }, () => Buffer.alloc(10_000, 0x30))),
  )
  const port = await serve((socket) => {
    socket.once('data', (hello: Buffer) => {
      const answer = Buffer.from(SERVER_HELLO)
      if (hello[0] !== 22) return void socket.destroy()
      firstSuite(hello).copy(answer, answer.length - 3)
      socket.end(Buffer.concat([answer, chain, handshake(14, Buffer.alloc(0))]))
    })
  })
  const allBytes = 4 * 2 ** 20
  const transcripts: Transcript[] = []
  const source = new DialedSource(
    { kind: 'tcp', host: '127.0.0.1', port },
    { ...DEFAULT_LIMITS, silence: 60_000, duration: 180_000, allBytes },
  )
  const options = { seed: Buffer.alloc(32), keep: (one: Transcript) => void transcripts.push(one) }
  const ask = (from: TransportSource) =>
    scanTls(new ProbedServer(new Connections({ source: from, ...options }), undefined))
  const tls = await ask(source)
  const [newest] = tls.suites
  expect(newest?.items.length).toBeGreaterThan(1)
  expect(newest?.end).toEqual({ answer: 'unknown', because: 'the server sent too much' })
  const received = transcripts.flatMap(({ steps }) =>
    steps.flatMap((step) => ('received' in step ? step.received.length : [])),
  )
  const sum = received.reduce((all, one) => all + one, 0)
  expect(sum).toBeLessThan(allBytes + DEFAULT_LIMITS.atOnce * DEFAULT_LIMITS.bytes)
  const replay = new ReplaySource(transcripts.splice(0))
  expect(await ask(replay)).toEqual(tls)
  expect(replay.connections).toBe(source.connections)
})

test('a ticket that fills a ClientHello is not offered', async () => {
  const ticket = {
    ...{ lifetime: 1, ageAdd: 0, nonce: Buffer.alloc(255), extensions: [] },
    ticket: Buffer.alloc(0xffff),
  }
  const session = { hash: 'sha256', suite: 0x1301 }
  const server = {
    ...{ serverName: undefined, finished: { tickets: [ticket], resumption: Buffer.alloc(32) } },
    resumable: { session, hello: { extensions: [] } },
    connections: new Connections({
      source: {
        connections: 0,
        open: async () => ({
          ...{ send: () => {}, limitSilence: () => {}, close: () => {} },
          receive: async () => 'closed' as const,
        }),
      },
      seed: Buffer.alloc(32),
    }),
  } as unknown as ProbedServer
  expect(await probeResumption(server)).toMatchObject({
    pskDheKe: { answer: 'unknown' },
    pskKe: { answer: 'unknown' },
  })
})
