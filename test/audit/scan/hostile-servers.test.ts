/** Servers that want to hold an audit up or break it: there is a report all the same. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import { encodeCertificate12 } from '../../../src/audit/messages/certificate.ts'
import { encodeHandshake } from '../../../src/audit/messages/handshake.ts'
import { encodeRecords } from '../../../src/audit/messages/record.ts'
import { encodeServerHello } from '../../../src/audit/messages/server-hello.ts'
import type { TlsScan } from '../../../src/audit/model.ts'
import { scan } from '../../../src/audit/scan/scan.ts'
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
  const target = { text: 'test', scheme: 'tls', address, serverName: undefined }
  const { tls } = await scan(target, { source, seed: Buffer.alloc(32) })
  if (!tls) throw new Error('there is no result')
  return tls
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
