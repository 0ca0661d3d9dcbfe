/** Strangers who connect and say nothing take no place of a client, at no endpoint: real clients judge. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openMonitor } from '../../src/monitor/client/open-monitor.ts'
import { HostEndpoints } from '../../src/monitor/host/host-endpoints.ts'
import { MonitorServer } from '../../src/monitor/server/monitor-server.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { launchService, untilReady } from '../cli/service-process.ts'
import { runPeer } from '../interop/tls-peer.ts'
import { startReceive } from '../migration/receive/receive-process.ts'
import { readRecorded } from '../migration/recorded-streams.ts'
import { connectPlain, listenPlain, readAll } from '../migration/relay/plain-ends.ts'
import { startPairInProcess } from '../migration/relay/relay-process.ts'
import { credentialsOf, makeX509Folder, x509Credentials } from '../nbd/nbd-credentials.ts'
import { serveNbd } from '../nbd/our-server.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'

/** So long that no stranger is cut for it while a test runs. */
const LONG = ['--handshake-limit', '3600']

const STRANGERS = 200

/** Connections that say nothing. */
async function stayResting(port: number, count = STRANGERS): Promise<readonly Socket[]> {
  const open = async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    return socket.resume()
  }
  return Promise.all(Array.from({ length: count }, open))
}

function portOf(log: string): number {
  return Number(/^ready: .*?127\.0\.0\.1:(\d+)/m.exec(log)?.[1])
}

/** A client of TLS with its standard input and output. */
function tlsClient(dir: string, port: number) {
  const files = ['-CAfile', 'ca-cert.pem', '-cert', 'client-cert.pem', '-key', 'client-key.pem']
  const args = [
    's_client',
    '-quiet',
    '-no_ign_eof',
    '-verify_return_error',
    '-connect',
    `127.0.0.1:${port}`,
  ]
  const client = spawn('openssl', [...args, ...files], { cwd: dir, timeout: 240_000 })
  onTestFinished(() => void client.kill('SIGKILL'))
  return client
}

testWith('nbdinfo', 'nbd serve', async () => {
  const dir = makeX509Folder()
  const server = await serveNbd(
    [
      ...['--memory', '1M', '--shared', '1', '--persistent', '-b', '127.0.0.1', '-p', '0'],
      ...credentialsOf('x509', dir, 'server'),
      ...LONG,
    ],
    { ownPlace: true },
  )
  const port = portOf(server.log())
  await stayResting(port)
  const uri = `nbds://localhost:${port}/?tls-certificates=${dir}`
  expect(await runPeer('nbdinfo', ['--size', uri])).toMatchObject({
    status: 0,
    output: '1048576\n',
  })
})

test('relay', async () => {
  const pair = await startPairInProcess({ destinationArgs: ['--channels', '1', ...LONG] })
  const target = await listenPlain(pair.exit)
  const port = portOf(pair.destination.log())
  const strangers = await stayResting(port)
  // A stranger that has begun a handshake is waited for, for a moment.
  strangers[0]?.write(Buffer.from('1603010200', 'hex'))
  for (const word of ['first', 'second']) {
    const near = await connectPlain(pair.entry)
    near.end(word)
    const far = await target.next()
    expect(String(await readAll(far))).toBe(word)
    far.end()
    await readAll(near)
  }
}, 240_000)

test('receive', async () => {
  const dir = makeX509Folder()
  const receiver = await startReceive({ args: [...credentialsOf('x509', dir, 'server'), ...LONG] })
  const port = Number(receiver.place.split(':')[1])
  await stayResting(port)
  const connection = connect(port, '127.0.0.1')
  await once(connection, 'connect')
  const { socket } = await x509Credentials(dir).connect(connection, { hostname: 'localhost' })
  socket.end(readRecorded('exec-11-pc-q35-11.1-S.bin.gz'))
  expect((await receiver.ended).status).toBe(0)
  expect(existsSync(receiver.file)).toBe(true)
}, 240_000)

testWith(
  'openssl',
  'chardev listen',
  async () => {
    const dir = makeX509Folder()
    const service = launchService([
      ...['chardev', 'listen', '--clients', '1', '--chardev'],
      'socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=tls0',
      ...['--object', `tls-creds-x509,id=tls0,dir=${dir},endpoint=server`, ...LONG],
      ...['--to', 'ringbuf,id=r'],
    ])
    await untilReady(service)
    const port = portOf(service.log())
    await stayResting(port)
    tlsClient(dir, port).stdin.write('hello')
    await service.says('secured by')
  },
  240_000,
)

test('a monitor on TCP', async () => {
  const dir = makeX509Folder()
  const properties = { endpoint: 'server', dir }
  const host = new HostEndpoints({
    objects: [
      { type: 'tls-creds-x509', id: 'tls0', properties },
      { type: 'authz-simple', id: 'authz0', properties: { identity: 'CN=client' } },
    ],
  })
  const address = { kind: 'inet', host: '127.0.0.1', port: '0' } as const
  const server = new MonitorServer(host, address, { credentials: 'tls0', authorization: 'authz0' })
  const { port } = (await server.listen()) as AddressInfo
  onTestFinished(async () => {
    await server.close(1000)
    await host.close()
  })
  await stayResting(port)
  const client = { type: 'tls-creds-x509', id: 'c0', properties: { endpoint: 'client', dir } }
  const credentials = TlsObjects.create([client]).credentials('c0', 'client')
  const place = { kind: 'tcp', host: '127.0.0.1', port } as const
  const options = { credentials, hostname: 'localhost', timeout: 240_000 }
  const monitor = await openMonitor(place, options)
  expect(await monitor.execute('query-status')).toMatchObject({ running: true })
  monitor.close()
}, 240_000)

testWith(
  'prlimit',
  'of more strangers than there are descriptors, the oldest give way',
  async () => {
    const dir = makeX509Folder()
    const server = await serveNbd(
      [
        ...['--memory', '1M', '--shared', '0', '--persistent', '-b', '127.0.0.1', '-p', '0'],
        ...credentialsOf('x509', dir, 'server'),
        ...LONG,
      ],
      { ownPlace: true, wrapper: 'exec prlimit --nofile=150:150 "$@"' },
    )
    const port = portOf(server.log())
    const strangers = await stayResting(port)
    const uri = `nbds://localhost:${port}/?tls-certificates=${dir}`
    expect(await runPeer('nbdinfo', ['--size', uri])).toMatchObject({
      status: 0,
      output: '1048576\n',
    })
    await eventually(() => server.log().includes('ENDPOINT_GAVE_WAY'))
    expect(server.log()).not.toMatch(/EMFILE|too many open files/)
    expect(strangers.some(({ destroyed }) => !destroyed)).toBe(true)
  },
  240_000,
)
