/** No server of ours sends session tickets in TLS 1.3: openssl shows each message that it gets. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, TLSSocket as Server, type TLSSocket } from 'node:tls'
import { expect, onTestFinished } from 'vitest'
import { acceptTls } from '../../src/tls/connection.ts'
import { parseObject } from '../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { tlsOptionsFor } from '../../src/tls/tls-options.ts'
import { makePskFolder, makeX509Folder } from '../nbd/nbd-credentials.ts'
import { serveNbd } from '../nbd/our-server.ts'
import { execFile } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { makeIdentity } from '../tls/certificates.ts'

const identity = makeIdentity('localhost', 'ec-prime256v1')
const pair = { cert: identity.certificate, key: identity.key }

/** Serves each connection; gives the port. */
async function listen(serve: (connection: Socket) => void): Promise<number> {
  const server = createServer((connection) => {
    connection.on('error', () => {})
    serve(connection)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** What follows the handshake is read after all tickets: both come in the order they were sent in. */
function sayGoodbye(socket: TLSSocket): void {
  socket.on('error', () => {})
  socket.end('goodbye\n')
}

/** How many tickets openssl gets before the server closes a session of TLS 1.3. */
async function countTickets(port: number, args: readonly string[] = []): Promise<number> {
  const target = ['-connect', `127.0.0.1:${port}`, '-tls1_3', '-ign_eof', '-msg']
  const { stdout } = await execFile('openssl', ['s_client', ...target, ...args])
  expect(stdout).toMatch(/^>>> .*Handshake.*, Finished$/m)
  // All that the server sent was read, up to its end or to that of the connection.
  expect(stdout).toMatch(
    /^(?:goodbye|<<< .*Alert.*close_notify|>>> .*Alert.*, fatal decode_error)$/m,
  )
  return stdout.match(/^<<< .*Handshake.*, NewSessionTicket$/gm)?.length ?? 0
}

function objectOf(definition: string): TlsObjects {
  const objects = TlsObjects.create([parseObject(definition)])
  onTestFinished(() => objects.close())
  return objects
}

testWith('openssl', 'openssl counts the tickets of a server that sends some', async () => {
  const secureContext = createSecureContext(pair)
  const port = await listen((connection) => {
    const socket = new Server(connection, { isServer: true, secureContext })
    socket.once('secure', () => sayGoodbye(socket))
  })
  expect(await countTickets(port)).toBe(2)
})

testWith('openssl', 'acceptTls sends none', async () => {
  const settings = tlsOptionsFor({ name: '<test>', text: 'NORMAL' }, { role: 'server' })
  const port = await listen((connection) => {
    acceptTls(connection, settings, pair).then(sayGoodbye, () => {})
  })
  expect(await countTickets(port)).toBe(0)
})

testWith('openssl', 'credentials of certificates send none', async () => {
  const dir = makeX509Folder()
  const objects = objectOf(`tls-creds-x509,id=tls0,endpoint=server,dir=${dir},verify-peer=on`)
  const credentials = objects.credentials('tls0', 'server')
  const port = await listen((connection) => {
    credentials.accept(connection).then(
      ({ socket }) => sayGoodbye(socket),
      () => {},
    )
  })
  const own = ['-cert', join(dir, 'client-cert.pem'), '-key', join(dir, 'client-key.pem')]
  expect(await countTickets(port, own)).toBe(0)
})

testWith('openssl', 'shared keys send none', async () => {
  const dir = makePskFolder()
  const [, key = ''] = readFileSync(join(dir, 'keys.psk'), 'latin1').trim().split(':')
  const objects = objectOf(`tls-creds-psk,id=tls0,endpoint=server,dir=${dir}`)
  const credentials = objects.credentials('tls0', 'server')
  const port = await listen((connection) => {
    credentials.accept(connection).then(
      ({ socket }) => sayGoodbye(socket),
      () => {},
    )
  })
  const own = ['-psk', key, '-psk_identity', 'qemu', '-ciphersuites', 'TLS_AES_128_GCM_SHA256']
  expect(await countTickets(port, own)).toBe(0)
})

/** NBD_FLAG_C_FIXED_NEWSTYLE, then NBD_OPT_STARTTLS without data. */
const STARTTLS = Buffer.from(`00000001${'49484156454f5054'}0000000500000000`, 'hex')

/** Bytes of what an NBD server says before a client may begin with TLS: its greeting, its answer. */
const BEFORE_TLS = 18 + 20

/** A server whose client gets as far as TLS, and is sent away a second later. */
async function listenForNbd(env: Readonly<Record<string, string>> = {}) {
  const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${makeX509Folder()},verify-peer=off`
  const words = ['--memory', '1M', '-t', '--handshake-limit', '1', '--tls-creds', 'tls0']
  const server = await serveNbd([...words, '--object', object], { env })
  const port = await listen((client) => startTls(server.socket, client))
  return { server, port }
}

testWith('openssl', 'nbd serve sends none', async () => {
  const { server, port } = await listenForNbd()
  expect(await countTickets(port)).toBe(0)
  expect(server.log()).not.toContain('TLS_SESSION_TICKETS')
})

testWith(
  'openssl',
  'where OpenSSL cannot be called, nbd serve tells that it sends some',
  async () => {
    const { server, port } = await listenForNbd({ NODE_OPTIONS: '--no-addons' })
    expect(await countTickets(port)).toBe(2)
    expect(server.log()).toMatch(/^warning\[TLS_SESSION_TICKETS\]: /m)
  },
)

/** Does for a client what comes before TLS, and passes on all that follows. */
function startTls(path: string, client: Socket): void {
  const server = connect(path)
  server.on('error', () => {})
  server.write(STARTTLS)
  let left = BEFORE_TLS
  server.on('data', (bytes: Buffer) => {
    client.write(bytes.subarray(left))
    if (left > 0 && left <= bytes.length) client.pipe(server)
    left = Math.max(0, left - bytes.length)
  })
  server.on('end', () => client.end())
}
