import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { dhParameters } from '../../src/tls/dh-parameters.ts'
import { readRecorded } from '../migration/recorded-streams.ts'
import { listenPlain } from '../migration/relay/plain-ends.ts'
import { RawMonitor } from '../monitor/raw-monitor.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { execFile, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { runFile, scratchFolder } from './command.ts'
import {
  ENDPOINT_FILE,
  exportUri,
  serveEndpointFile,
  serveEndpointFileInProcess,
  writeEndpointFile,
} from './endpoint-process.ts'
import { runInProcess, serveInProcess } from './in-process.ts'

test('check tells what a file has, and every mistake with its line', async () => {
  const folder = makeX509Folder()
  const path = writeEndpointFile(folder, ENDPOINT_FILE)
  expect(await runInProcess(['endpoint', 'check', path])).toMatchObject({
    status: 0,
    stdout: 'objects: tls0\nendpoints: nbd, export disk0, monitor mon0\n',
  })
  writeEndpointFile(
    folder,
    ENDPOINT_FILE.replace('memory:', 'memry:').replace('tls-creds: tls0', 'tls-creds: tls1'),
  )
  const { status, stderr } = await runInProcess(['endpoint', 'check', path])
  expect(status).toBe(65)
  expect(stderr).toContain(`${path}:5:17: error[OBJECT_UNKNOWN_PROPERTY]`)
  expect(stderr).toContain('did you mean memory?')
  expect(stderr).toMatch(/host\.yaml:3:\d+: error\[ENDPOINT_FILE_UNKNOWN_OBJECT\]/)
})

test('check and run tell of what is missing where the object names it', async () => {
  const folder = scratchFolder()
  const path = writeEndpointFile(
    folder,
    `nbd: {listen: "unix:DIR/n"}
objects:
  - {qom-type: authz-list-file, id: a, filename: DIR/acl}
  - {qom-type: secret, id: s, file: DIR/s}
  - id: tls0
    dir: DIR/pki
    qom-type: tls-creds-x509
    endpoint: server
`,
  )
  for (const verb of ['check', 'run']) {
    const { status, stderr } = await runInProcess(['endpoint', verb, path])
    expect(status).toBe(66)
    expect(stderr).toContain(`:3:50: error[FILE_MISSING]: authz-list-file a: ${folder}/acl `)
    expect(stderr).toContain(`:4:37: error[FILE_MISSING]: secret s: ${folder}/s `)
    expect(stderr).toContain(`:6:10: error[FILE_MISSING]: tls-creds-x509 tls0: ${folder}/pki/ca-`)
  }
})

test('check tells mistakes of an entry, of its place and of an object in one run', async () => {
  const folder = scratchFolder()
  const path = writeEndpointFile(
    folder,
    `objects:
  - {qom-type: tls-creds-psk, id: t, dir: DIR/none, endpoint: server}
exports:
  - {id: e, memry: 1M}
monitors:
  - {id: m, listen: "unix:DIR/m"}
  - {id: n, listen: "unix:DIR/./m"}
`,
  )
  const { status, stderr } = await runInProcess(['endpoint', 'check', path])
  expect(status).toBe(65)
  const told = stderr.match(/^\S+: error\[\w+\]/gm)?.map((line) => line.slice(path.length))
  expect(told).toEqual([
    ':4:13: error[OBJECT_UNKNOWN_PROPERTY]',
    ':7:21: error[ENDPOINT_FILE_REPEATED]',
    ':2:43: error[FILE_MISSING]',
  ])
})

test('a warning of an object is told where the object names its files', async () => {
  const folder = makeX509Folder()
  writeFileSync(join(folder, 'dh-params.pem'), dhParameters(2048))
  const path = writeEndpointFile(folder, ENDPOINT_FILE)
  const warning = `${path}:2:47: warning[OBJECT_UNUSED_DH_PARAMETERS]: tls-creds-x509 tls0: ${folder}`
  const { status, stderr } = await runInProcess(['endpoint', 'check', path])
  expect([status, stderr]).toEqual([0, expect.stringContaining(warning)])
  const service = await serveInProcess(['endpoint', 'run', path])
  expect(service.log()).toContain(warning)
})

test('what a file asks of the host in vain is a mistake of the file, and not of the command line', async () => {
  const folder = makeX509Folder()
  const object = 'qom-type: tls-creds-x509, id: t, dir: DIR, endpoint: client, priority: NORMAL'
  const relay =
    'id: r, listen: "unix:DIR/r", to: "tcp:localhost:1", tls-creds: t, socket-owner: "?"'
  const path = writeEndpointFile(folder, `objects:\n  - {${object}}\nrelays:\n  - {${relay}}\n`)
  const { status, stderr } = await runInProcess(['endpoint', 'run', path])
  expect([status, stderr]).toEqual([
    65,
    expect.stringMatching(/:4:\d+: error\[SERVICE_UNKNOWN_OWNER/),
  ])
})

const ANON = '{qom-type: tls-creds-anon, id: t, endpoint: client}'

test.each([
  ['monitors:\n\t- id: m\n', /:2:1: error\[OBJECT_MALFORMED\].*\n[\s\S]*hint: .*same column/],
  ['monitors:\n  - id: m\n   listen: unix:DIR/m\n', /:3:1: [\s\S]*hint: .*same column/],
  ['monitors: []\n---\nmonitors: []\n', /:2:1: .*a second document begins here/],
  ['', /:1:1: error\[OBJECT_MALFORMED\]: this is empty/],
  ['nbd:\n', /:1:5: .*a value is missing[\s\S]*hint: write one, or take the name out/],
  ['monitors:\n  - {listen: "unix:DIR/m"}\n', /:2:5: .*has no id[\s\S]*hint: .*id: NAME/],
  [
    'monitors:\n  - {id: m, listen: "tcp:127.0.0.1:0"}\n',
    /:2:21: error\[MONITOR_OPEN\]: .*needs tls-creds and tls-authz/,
  ],
  [
    `objects:\n  - ${ANON}\nnbd: {listen: "unix:DIR/n", tls-creds: t}\n`,
    /:3:\d+: error\[OBJECT_WRONG_ENDPOINT\]/,
  ],
  [
    `objects:\n  - ${ANON}\nnbd: {listen: "unix:DIR/n", tls-creds: t, tls-authz: t}\n`,
    /:3:\d+: error\[OBJECT_WRONG_TYPE\]/,
  ],
  [
    'receivers:\n  - {id: r, listen: "exec:cat", file: DIR/x}\n',
    /:2:21: error\[OBJECT_WRONG_VALUE\]/,
  ],
  [
    `objects:\n  - ${ANON}\nrelays:\n  - {id: r, listen: "unix:DIR/r", to: "file:DIR/x", tls-creds: t}\n`,
    /:4:\d+: error\[MIGRATION_URI_UNUSABLE\]/,
  ],
  [
    `objects:\n  - ${ANON.replace('client', 'server')}\nchardevs:\n  - {id: s, backend: socket, host: h, port: 1, tls-creds: t, tls-hostname: h}\n`,
    /:4:\d+: error\[CHARDEV_UNUSABLE\]/,
  ],
])('check tells of %j where, and what run would refuse', async (text, expected) => {
  const folder = scratchFolder()
  const path = writeEndpointFile(folder, text)
  const { status, stderr } = await runInProcess(['endpoint', 'check', path])
  expect(status).toBe(65)
  expect(stderr).toMatch(expected)
  expect(stderr).not.toContain('tls-creds-x509,id=')
})

testWith(
  'nbdinfo',
  'a file is served, changed by SIGHUP, and a refused one changes nothing',
  async () => {
    const { folder, path, service } = await serveEndpointFileInProcess(ENDPOINT_FILE)
    const size = async (name = 'disk0') =>
      (await execFile('nbdinfo', ['--size', exportUri(folder, name)])).stdout.trim()
    expect(await size()).toBe('16777216')
    expect(statSync(join(folder, 'mon0.sock')).mode & 0o777).toBe(0o600)
    const monitor = await RawMonitor.connect(join(folder, 'mon0.sock'))
    writeEndpointFile(
      folder,
      ENDPOINT_FILE.replace('monitors:', '  - {id: disk1, memory: 1M}\nmonitors:'),
    )
    service.signal('SIGHUP')
    await service.says('started export disk1')
    expect(await size('disk1')).toBe('1048576')
    writeEndpointFile(
      folder,
      ENDPOINT_FILE.replace('16M', '8M').replace('mon0.sock', 'no/mon0.sock'),
    )
    service.signal('SIGHUP')
    const log = await service.says('the file before it stays in force')
    expect(log).toContain(`${path}:7:`)
    expect([await size(), await size('disk1')]).toEqual(['16777216', '1048576'])
    // The client of the monitor was never disconnected by what did not concern it.
    expect(existsSync(join(folder, 'mon0.sock'))).toBe(true)
    const again = await RawMonitor.connect(join(folder, 'mon0.sock'))
    await again.run('qmp_capabilities')
    await again.run('quit')
    expect((await service.ended).status).toBe(0)
    expect(existsSync(join(folder, 'nbd.sock'))).toBe(false)
    monitor.socket.destroy()
  },
)

test('a file that cannot be served ends the start with its line', async () => {
  const folder = scratchFolder()
  const path = writeEndpointFile(folder, 'nbd: {listen: "unix:DIR/no/nbd.sock"}\n')
  const { status, stderr } = await runInProcess(['endpoint', 'run', path])
  expect(status).toBe(69)
  expect(stderr).toContain(`${path}:1:15: error[ENDPOINT_CANNOT_LISTEN]`)
})

testWith('openssl', 'SIGHUP starts nothing in a process that ends', async () => {
  const text = `objects:
  - {qom-type: tls-creds-x509, id: tls0, dir: DIR, endpoint: server, priority: NORMAL}
relays:
  - {id: in, listen: "tcp:127.0.0.1:0", to: "unix:DIR/far.sock", tls-creds: tls0, nbd: true}
`
  const { folder, service, log } = await serveEndpointFileInProcess(text)
  const target = await listenPlain(join(folder, 'far.sock'))
  const [, port] = /relay in at 127\.0\.0\.1:(\d+)/.exec(log) ?? []
  const files = ['-CAfile', 'ca-cert.pem', '-cert', 'client-cert.pem', '-key', 'client-key.pem']
  spawn('openssl', ['s_client', '-quiet', '-connect', `127.0.0.1:${port}`, ...files], {
    cwd: folder,
  })
  const far = await target.next()
  service.signal('SIGTERM')
  await eventually(() => isRefused(Number(port)))
  writeEndpointFile(folder, `${text}monitors:\n  - {id: late, listen: "unix:DIR/late.sock"}\n`)
  service.signal('SIGHUP')
  // Time enough for a file to be read.
  await delay(500)
  far.destroy()
  expect((await service.ended).status).toBe(0)
  expect(service.log()).not.toContain('late')
})

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isRefusedThere = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(true)).once('connect', () => resolve(false))
  })
  socket.destroy()
  return isRefusedThere
}

testWith('openssl', 'a console over TLS is joined to a program of the host', async () => {
  const { folder, service, log } = await serveEndpointFileInProcess(
    `objects:
  - {qom-type: tls-creds-x509, id: tls0, dir: DIR, endpoint: server, priority: NORMAL}
chardevs:
  - {id: shell, backend: exec, command: "sed -u s/hello/HELLO/"}
  - id: console
    backend: socket
    host: 127.0.0.1
    port: 0
    server: on
    wait: off
    tls-creds: tls0
    join: shell
`,
  )
  const [, port] = /chardev console at 127\.0\.0\.1:(\d+)/.exec(log) ?? []
  const files = ['-cert', 'client-cert.pem', '-key', 'client-key.pem']
  const client = spawn(
    'openssl',
    ['s_client', '-quiet', '-no_ign_eof', '-connect', `127.0.0.1:${port}`, ...files],
    { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] },
  )
  let answer = ''
  client.stdout?.on('data', (bytes: Buffer) => {
    answer += bytes
  })
  client.stdin?.write('hello\n')
  await eventually(() => answer === 'HELLO\n')
  client.stdin?.end()
  expect(await service.says('left')).toMatch(/chardev console #1 127.*secured by TLSv1.3/)
  expect((await service.stop()).status).toBe(0)
})

test('a pipe in the place of the file is refused at SIGHUP, and nothing waits for its writer', async () => {
  const { path, service } = await serveEndpointFileInProcess(ENDPOINT_FILE)
  rmSync(path)
  expect(runFile('mkfifo', [path]).status).toBe(0)
  service.signal('SIGHUP')
  expect(await service.says('the file before it stays in force')).toContain('FILE_NOT_REGULAR')
  expect((await service.stop()).status).toBe(0)
})

test('the log tells of guests that monitors wait for and send', async () => {
  const { folder, service } = await serveEndpointFileInProcess(
    'guest: DIR/guest\nmonitors:\n  - {id: mon0, listen: "unix:DIR/mon0.sock"}\n',
  )
  const monitor = await RawMonitor.connect(join(folder, 'mon0.sock'))
  await monitor.run('qmp_capabilities')
  const uri = `unix:${join(folder, 'guest.sock')}`
  await monitor.run('migrate-incoming', { uri })
  await service.says(`migration: a guest is waited for at ${join(folder, 'guest.sock')}`)
  await monitor.run('migrate', { uri: `unix:${join(folder, 'no.sock')}`, 'x-relay': true })
  await service.says('migration: the guest that is waited for is to be passed on to')
  const source = connect(join(folder, 'guest.sock'))
  source.on('error', () => {})
  source.write('QEVM')
  const log = await service.says(`a guest is passed on to ${join(folder, 'no.sock')}: failed`)
  expect(log).toMatch(/^migration #1 unix: ended: .* \[NET_UNREACHABLE\]$/m)
  source.destroy()
  await monitor.run('migrate', { uri }).catch(() => {})
  await monitor.run('quit')
  expect((await service.ended).status).toBe(0)
})

test('what has nothing open that is waited for is served until its end all the same', async () => {
  const { folder, service } = await serveEndpointFile(
    'chardevs:\n  - {id: a, backend: file, path: DIR/out}\n  - {id: b, backend: "null"}\n',
  )
  expect(existsSync(join(folder, 'out'))).toBe(true)
  // A process that Node.js ends itself is gone before it answers this.
  service.child.kill('SIGHUP')
  await service.says('nothing has changed')
  expect(await service.stop()).toBe(0)
})

test('what a change of the file comes to is told, and nothing more', async () => {
  const { folder, path, service } = await serveEndpointFileInProcess(
    'monitors:\n  - {id: a, listen: "unix:DIR/a.sock"}\n',
  )
  const told = async (text: string, end: string) => {
    writeEndpointFile(folder, text)
    const before = service.log().length
    service.signal('SIGHUP')
    await service.says(end)
    return service.log().slice(before)
  }
  const objects = 'objects:\n  - {qom-type: secret, id: s, data: x}\n'
  const text = `${objects}monitors:\n  - {id: b, listen: "unix:DIR/b.sock"}\n`
  const changed = `${path}: started monitor b; stopped monitor a; objects s`
  expect((await told(text, 'started monitor b')).split('\n')[0]).toBe(changed)
  expect(await told(text, 'nothing has changed')).toBe(`${path}: nothing has changed\n`)
})

test.each([
  ['stored', 'is done', { diagnostics: [] }],
  ['broken', 'has failed', { diagnostics: [expect.objectContaining({ severity: 'error' })] }],
])('a receiver whose guest is %s says that it %s, as JSON too', async (what, said, json) => {
  const stream = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')
  const send = async (...args: readonly string[]) => {
    const serving = await serveEndpointFileInProcess(
      'receivers:\n  - {id: r, listen: "unix:DIR/r.sock", file: DIR/guest}\n' +
        'monitors:\n  - {id: m, listen: "unix:DIR/m.sock"}\n',
      args,
    )
    const source = connect(join(serving.folder, 'r.sock')).on('error', () => {})
    source.resume().end(what === 'stored' ? stream : stream.subarray(0, 40_000))
    return serving.service
  }
  expect(await (await send()).says(`receiver r ${said}\n`)).toContain(`receiver r ${said}\n`)
  const log = await (await send('--log', 'json')).says('"ended"')
  const [, line = ''] = /^(\{.*"event":"ended".*\})$/m.exec(log) ?? []
  expect(JSON.parse(line)).toMatchObject({ entry: 'receiver r', event: 'ended', ...json })
})

test('under --quiet a guest that fails is told, and no other', async () => {
  const { folder, service } = await serveEndpointFileInProcess(
    'guest: DIR/guest\nmonitors:\n  - {id: mon0, listen: "unix:DIR/mon0.sock"}\n',
    ['--quiet'],
  )
  const monitor = await RawMonitor.connect(join(folder, 'mon0.sock'))
  await monitor.run('qmp_capabilities')
  await monitor.run('migrate-incoming', { uri: `unix:${join(folder, 'guest.sock')}` })
  await monitor.run('migrate', { uri: `unix:${join(folder, 'no.sock')}`, 'x-relay': true })
  const source = connect(join(folder, 'guest.sock')).on('error', () => {})
  source.write('QEVM')
  const log = await service.says('failed')
  source.destroy()
  expect(log).not.toContain('is waited for')
  await monitor.run('quit')
  expect((await service.ended).stderr).toContain(`${join(folder, 'no.sock')}: failed`)
})
