/** `cryptopolicy nbd serve` as a service: where it listens, when it ends, what it says. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NBD_CMD, NBD_OPT } from '../../src/nbd/protocol/constants.ts'
import { runPeer } from '../interop/tls-peer.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { launchNbd, serveNbd, serveNbdInProcess } from '../nbd/our-server.ts'
import { RawClient } from '../nbd/server/raw-client.ts'
import { RawTransmission } from '../nbd/server/raw-transmission.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { execFile, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { scratchFolder, writeFiles } from './command.ts'
import { runInProcess, serveInProcess } from './in-process.ts'
import { CRYPTOPOLICY } from './service-process.ts'

const MEMORY = ['--memory', '1M'] as const

describe('listens', () => {
  testWith(
    'nbdinfo',
    'at IPv4 and IPv6 addresses, on a free port where 0 is asked for',
    async () => {
      for (const [bind, host] of [
        ['127.0.0.1', '127.0.0.1'],
        ['::1', '[::1]'],
      ] as const) {
        const server = await serveNbdInProcess([...MEMORY, '-b', bind, '-p', '0', '-t'], {
          ownPlace: true,
        })
        const [, port] = /^ready: \S+:(\d+) /m.exec(server.log()) ?? []
        const { status } = await runPeer('nbdinfo', ['--size', `nbd://${host}:${port}`])
        expect(status).toBe(0)
        expect(server.log()).not.toContain('warning')
      }
    },
  )

  test('with a warning where every client may connect in clear', async () => {
    const server = await serveNbdInProcess([...MEMORY, '-p', '0', '-t'], { ownPlace: true })
    expect(server.log()).toContain('[ENDPOINT_CLEAR_TEXT]')
  })

  test.each([
    ['nbd serve', 'required', false],
    ['nbd serve', 'optional', true],
    ['migrate receive', undefined, false],
  ])('%s at all addresses with TLS %s', async (command, mode, isWarned) => {
    const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${makeX509Folder()}`
    const tls = ['--object', object, '--tls-creds', 'tls0']
    const guest = join(scratchFolder(), 'guest')
    const { log } = await serveInProcess([
      ...[...command.split(' '), ...tls],
      ...(mode === undefined
        ? ['--listen', 'tcp:0.0.0.0:0', guest]
        : [...MEMORY, '-p', '0', '-t', '--tls', mode]),
    ])
    expect(log().includes('[ENDPOINT_CLEAR_TEXT]')).toBe(isWarned)
  })

  test('receive warns where everyone may send a guest in clear', async () => {
    const listen = (address: string) =>
      serveInProcess([
        ...['migrate', 'receive', '--listen', `tcp:${address}:0`],
        join(scratchFolder(), 'guest'),
      ])
    expect((await listen('0.0.0.0')).log()).toContain('[ENDPOINT_CLEAR_TEXT]')
    expect((await listen('127.0.0.1')).log()).not.toContain('[ENDPOINT_CLEAR_TEXT]')
  })

  test('at a path where a server that was killed has left its socket, not where one listens', async () => {
    const first = await serveNbd([...MEMORY, '-t'])
    const args = ['-k', first.socket, ...MEMORY, '-t']
    const second = launchNbd(args, { ownPlace: true })
    expect(await second.ended).not.toBe(0)
    expect(second.log()).toContain('something listens there already')
    await first.stop('SIGKILL')
    expect(existsSync(first.socket)).toBe(true)
    const third = await serveNbd(args, { ownPlace: true })
    expect(await third.stop()).toBe(0)
  })

  test('nowhere in place of a file', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { precious: 'data' })
    const path = join(folder, 'precious')
    const server = launchNbd(['-k', path, ...MEMORY], { ownPlace: true })
    expect(await server.ended).not.toBe(0)
    expect(readFileSync(path, 'utf8')).toBe('data')
  })

  test('on sockets that systemd hands over', async () => {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo
    const { fd } = (listener as unknown as { _handle: { fd: number } })._handle
    const script = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
    const child = spawn('/bin/sh', ['-c', script, 'sh', CRYPTOPOLICY, 'nbd', 'serve', ...MEMORY], {
      stdio: ['ignore', 'ignore', 'pipe', fd],
    })
    const ended = once(child, 'close')
    onTestFinished(() => void child.kill('SIGKILL'))
    // From here on the descriptor of the child is the only one.
    listener.close()
    const client = await RawClient.greet(port)
    await client.go('structured')
    const transmission = new RawTransmission(client, 'structured')
    expect(await transmission.error({ command: NBD_CMD.READ, length: 4096 })).toBe(0)
    transmission.send({ command: NBD_CMD.DISC })
    expect((await ended)[0]).toBe(0)
  })

  test('where it is told to, unless systemd says otherwise as well', async () => {
    const wrapper = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
    const server = launchNbd([...MEMORY], { wrapper })
    expect(await server.ended).toBe(64)
    expect(server.log()).toContain('--socket')
  })
})

test.each(['--socket', '--port', '--bind', '--fork'])(
  '%s is refused beside the sockets of a service manager',
  async (option) => {
    const values = { '--socket': ['/x'], '--port': ['0'], '--bind': ['127.0.0.1'] }[option] ?? []
    const env = { LISTEN_PID: String(process.pid), LISTEN_FDS: '1' }
    const words = ['nbd', 'serve', ...MEMORY, option, ...values]
    const { status, stderr } = await runInProcess(words, { env })
    expect([status, stderr]).toEqual([
      ...[
        64,
        expect.stringMatching(`${option} and sockets of the service manager cannot be given`),
      ],
    ])
  },
)

test('what of the options is not done is told', async () => {
  const server = await serveNbdInProcess([...MEMORY, '--aio', 'native', '--trace', 'x'])
  expect(server.log()).toContain('--aio native: threads are used')
  expect(server.log()).toContain('--trace: nothing is traced')
})

describe('ends', () => {
  test('with 0 when the last client has left', async () => {
    const server = await serveNbdInProcess([...MEMORY])
    const transmission = await RawTransmission.open(server.socket, 'simple')
    transmission.send({ command: NBD_CMD.DISC })
    expect((await server.ended).status).toBe(0)
    expect(existsSync(server.socket)).toBe(false)
  })

  test('not when a client only connects, asks, or is refused', async () => {
    const server = await serveNbdInProcess([...MEMORY])
    for (const option of [NBD_OPT.LIST, NBD_OPT.ABORT, NBD_OPT.GO]) {
      const client = await RawClient.greet(server.socket)
      await client.option(option)
      client.stream.destroy()
      await server.says(new RegExp(`^#${option === NBD_OPT.LIST ? 1 : 2} .*(ended|left)`, 'm'))
    }
    const transmission = await RawTransmission.open(server.socket, 'simple')
    expect(await transmission.error({ command: NBD_CMD.FLUSH })).toBe(0)
  })

  test('not while a client waits for its turn', async () => {
    const server = await serveNbdInProcess([...MEMORY, '--shared', '1'])
    const first = await RawTransmission.open(server.socket, 'simple')
    const waiting = RawTransmission.open(server.socket, 'simple')
    await first.call({ command: NBD_CMD.FLUSH })
    first.send({ command: NBD_CMD.DISC })
    const second = await waiting
    expect(await second.error({ command: NBD_CMD.FLUSH })).toBe(0)
    second.send({ command: NBD_CMD.DISC })
    expect((await server.ended).status).toBe(0)
  })

  test('with SIGTERM when what is under way is on disk', async () => {
    const image = join(scratchFolder(), 'image')
    writeFileSync(image, Buffer.alloc(40 << 20))
    const server = await serveNbdInProcess([image, '-t'])
    const transmission = await RawTransmission.open(server.socket, 'structured')
    const payload = randomBytes(20 << 20)
    const bytes = transmission.encode({ command: NBD_CMD.WRITE, payload })
    transmission.client.send(bytes.subarray(0, 1 << 20))
    // The first part is taken before the signal comes.
    await eventually(() => readFileSync(image).subarray(0, 4096).equals(payload.subarray(0, 4096)))
    server.signal('SIGTERM')
    await eventually(() => !existsSync(server.socket))
    transmission.client.send(bytes.subarray(1 << 20))
    expect((await transmission.readReply()).error).toBe(0)
    expect((await server.ended).status).toBe(0)
    expect(readFileSync(image).subarray(0, payload.length).equals(payload)).toBe(true)
  })

  test('with SIGTERM at once where clients are idle', async () => {
    const server = await serveNbdInProcess([...MEMORY, '-e', '0', '-t'])
    const clients = await Promise.all(
      [0, 1, 2].map(() => RawTransmission.open(server.socket, 'simple')),
    )
    await clients[0]!.call({ command: NBD_CMD.FLUSH })
    expect((await server.stop('SIGINT')).status).toBe(0)
  })

  test('not because the reader of its log has ended', async () => {
    const server = await serveNbd([...MEMORY, '-t'])
    server.child.stderr?.destroy()
    for (let count = 0; count < 3; count++) {
      const transmission = await RawTransmission.open(server.socket, 'simple')
      expect(await transmission.error({ command: NBD_CMD.FLUSH })).toBe(0)
      transmission.client.stream.destroy()
    }
    expect(server.child.exitCode).toBe(null)
  })
})

test('the pid file holds its number while it runs', async () => {
  const file = join(scratchFolder(), 'pid')
  const server = await serveNbdInProcess([...MEMORY, '-t', '--pid-file', file])
  expect(Number(readFileSync(file, 'utf8'))).toBe(process.pid)
  await server.stop()
  expect(existsSync(file)).toBe(false)
})

testWith('python3', 'tells systemd when it is ready, reloads and stops', async () => {
  const path = join(scratchFolder(), 'notify')
  const script = `
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
now = lambda: time.monotonic_ns() // 1000
print('bound', now(), flush=True)
while True: print(s.recv(4096).decode().replace('\\n', ' '), now(), flush=True)
`
  const listener = spawn('python3', ['-c', script, path])
  onTestFinished(() => void listener.kill('SIGKILL'))
  let told = ''
  listener.stdout.on('data', (data) => {
    told += data
  })
  await eventually(() => told.includes('bound'))
  const server = await serveNbdInProcess([...MEMORY, '-t'], { env: { NOTIFY_SOCKET: path } })
  await eventually(() => told.includes('READY=1'))
  server.signal('SIGHUP')
  const reloading = /^bound (\d+)\n(?:.*\n)*RELOADING=1 MONOTONIC_USEC=(\d+) (\d+)\nREADY=1/
  await eventually(() => reloading.test(told))
  // By the clock of another process, in microseconds: systemd compares it with its own.
  const [before = 0, reload = 0, after = 0] = reloading.exec(told)?.slice(1).map(Number) ?? []
  expect(reload).toBeGreaterThan(before)
  expect(reload).toBeLessThanOrEqual(after)
  await server.stop()
  await eventually(() => told.includes('STOPPING=1'))
})

testWith(
  'nbdinfo',
  'SIGHUP loads new certificates; broken ones are refused and the old ones stay',
  async () => {
    const [dir, next] = [makeX509Folder(), makeX509Folder()]
    const files = ['ca-cert.pem', 'server-cert.pem', 'server-key.pem'] as const
    const tls = `tls-creds-x509,id=tls0,endpoint=server,dir=${dir},verify-peer=off`
    const server = await serveNbdInProcess(
      [
        ...MEMORY,
        '-t',
        '-e',
        '0',
        '--object',
        tls,
        '--tls-creds',
        'tls0',
        '-b',
        '127.0.0.1',
        '-p',
        '0',
      ],
      { ownPlace: true },
    )
    const [, port] = /^ready: \S+:(\d+) /m.exec(server.log()) ?? []
    const isTrusted = async (folder: string) => {
      const uri = `nbds://localhost:${port}/?tls-certificates=${folder}`
      return (await runPeer('nbdinfo', ['--size', uri])).status === 0
    }
    const [old, fresh] = [scratchFolder(), scratchFolder()]
    writeFiles(old, { 'ca-cert.pem': readFileSync(join(dir, 'ca-cert.pem')) })
    writeFiles(fresh, { 'ca-cert.pem': readFileSync(join(next, 'ca-cert.pem')) })
    expect([await isTrusted(old), await isTrusted(fresh)]).toEqual([true, false])
    writeFiles(dir, { 'server-key.pem': 'broken' })
    server.signal('SIGHUP')
    await server.says('refused, the old ones stay')
    expect(await isTrusted(old)).toBe(true)
    for (const file of files) writeFiles(dir, { [file]: readFileSync(join(next, file)) })
    server.signal('SIGHUP')
    await server.says('loaded anew')
    expect([await isTrusted(old), await isTrusted(fresh)]).toEqual([false, true])
  },
)

test('the log in JSON has a time and an event in each line', async () => {
  const server = await serveNbdInProcess([...MEMORY, '-t', '--log', 'json'])
  const transmission = await RawTransmission.open(server.socket, 'simple')
  transmission.send({ command: NBD_CMD.DISC })
  const log = await server.says('"left"')
  const lines = log.split('\n').filter((line) => line.startsWith('{'))
  const rows = lines.map((line) => JSON.parse(line))
  expect(rows.map(({ event }) => event)).toEqual(['connected', 'serving', 'left'])
  for (const { time } of rows) expect(new Date(time).toISOString()).toBe(time)
})

test('the log shows no control characters of a client', async () => {
  const server = await serveNbdInProcess([...MEMORY, '-t'])
  const client = await RawClient.greet(server.socket)
  client.exportName('\x1b[31mred\n#99 fake')
  const log = await server.says('ended:')
  expect(log).not.toContain('\x1b')
  expect(log).not.toMatch(/^#99/m)
})

describe('refuses in words', () => {
  const folder = () => scratchFolder()
  test.each<[string, () => readonly string[], RegExp, number]>([
    ['nothing to serve', () => [], /needs FILE, --memory or --export/, 64],
    ['a missing file', () => ['/does/not/exist'], /cannot export \/does\/not\/exist/, 66],
    ['a folder', () => [folder()], /name an image file or a block device/, 66],
    [
      'two exports of a name',
      () => ['--export', 'a=/etc/hosts', '--export', 'a=/etc/hosts'],
      /two exports are 'a'/,
      64,
    ],
    ['an export without a file', () => ['--export', 'a'], /NAME=FILE/, 64],
    ['another format', () => ['-f', 'qcow2', 'x'], /raw/, 64],
    ['a port that is none', () => [...MEMORY, '-p', '65536'], /a port is a number/, 64],
    ['a port and a socket', () => [...MEMORY, '-k', '/x', '-p', '1'], /--socket.*--port/, 64],
    ['an address and a socket', () => [...MEMORY, '-k', '/x', '-b', '::1'], /--socket.*--bind/, 64],
    ['an explanation in clear', () => [...MEMORY, '--explain'], /--explain needs --tls-creds/, 64],
    [
      'credentials that no client is to use',
      () => [...MEMORY, '--tls', 'off', '--tls-creds', 't'],
      /--tls off.*--tls-creds/,
      64,
    ],
    [
      'authorization that clients in clear evade',
      () => [...MEMORY, '--tls', 'optional', '--tls-creds', 't', '--tls-authz', 'a'],
      /--tls optional.*--tls-authz/,
      64,
    ],
    [
      'zeroes that are to be trimmed where nothing is',
      () => [...MEMORY, '--detect-zeroes', 'unmap', '--discard', 'off'],
      /--detect-zeroes unmap.*--discard off/,
      64,
    ],
    [
      'zeroes that are to be trimmed where trims are ignored',
      () => [...MEMORY, '--detect-zeroes', 'unmap', '--discard', 'ignore'],
      /--detect-zeroes unmap and --discard ignore cannot be given/,
      64,
    ],
    ['TLS without credentials', () => [...MEMORY, '--tls', 'required'], /needs --tls-creds/, 64],
    ['credentials that are not there', () => [...MEMORY, '--tls-creds', 'tls0'], /tls0/, 66],
    ['authorization without TLS', () => [...MEMORY, '--tls-authz', 'a'], /needs TLS/, 64],
    ['a hostname', () => [...MEMORY, '--tls-hostname', 'a'], /is for clients/, 64],
    ['a size that is none', () => ['--memory', '1X'], /a size is/, 64],
    [
      'a path of a socket that is too long',
      () => [...MEMORY, '-k', `/tmp/${'x'.repeat(200)}`],
      /cannot listen at/,
      69,
    ],
    ['a name that no client could ask for', () => [...MEMORY, '-x', 'x'.repeat(4097)], /4096/, 64],
  ])('%s', async (_, args, words, status) => {
    const result = await runInProcess(['nbd', 'serve', ...args()])
    expect(result.stderr).toMatch(words)
    expect(result.stderr).not.toContain('    at ')
    expect(result.status).toBe(status)
  })
})

test('a pipe in the place of the configuration is refused at SIGHUP, and nothing waits for its writer', async () => {
  const config = join(scratchFolder(), 'gnutls.config')
  writeFileSync(config, '')
  const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${makeX509Folder()}`
  const server = await serveNbdInProcess([
    ...[...MEMORY, '--persistent', '--config', config],
    ...['--object', object, '--tls-creds', 'tls0'],
  ])
  rmSync(config)
  await execFile('mkfifo', [config])
  // It has a writer, so that an open of it does not wait.
  const writer = openSync(config, constants.O_RDWR)
  onTestFinished(() => closeSync(writer))
  writeSync(writer, '[priorities]\nSYSTEM = NONE\n')
  server.signal('SIGHUP')
  expect(await server.says(/error\[\w+\]|reloaded/)).toContain('FILE_NOT_REGULAR')
})

test('a file of another user is never made larger or smaller', async () => {
  const image = join(scratchFolder(), 'image')
  writeFileSync(image, randomBytes(10_001))
  const server = await serveNbdInProcess([image])
  const transmission = await RawTransmission.open(server.socket, 'simple')
  const write = { command: NBD_CMD.WRITE, offset: 10_000, payload: Buffer.alloc(2) }
  expect(await transmission.error(write)).toBe(28)
  transmission.send({ command: NBD_CMD.DISC })
  await server.ended
  expect(statSync(image).size).toBe(10_001)
})
