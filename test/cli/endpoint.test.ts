import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RawMonitor } from '../monitor/raw-monitor.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { testWith } from '../peers/peer.ts'
import { run, runFile, scratchFolder } from './command.ts'
import { launchService, untilReady } from './service-process.ts'

const FILE = `objects:
  - {qom-type: tls-creds-x509, id: tls0, dir: DIR, endpoint: server, priority: NORMAL}
nbd: {listen: "unix:DIR/nbd.sock", tls-creds: tls0}
exports:
  - {id: disk0, memory: 16M, writable: true}
monitors:
  - {id: mon0, listen: "unix:DIR/mon0.sock"}
`

/** Replaces the file as editors do. */
function write(folder: string, text: string): string {
  const path = join(folder, 'host.yaml')
  writeFileSync(`${path}.new`, text.replaceAll('DIR', folder))
  renameSync(`${path}.new`, path)
  return path
}

test('check tells what a file has, and every mistake with its line', () => {
  const folder = makeX509Folder()
  const path = write(folder, FILE)
  expect(run('cryptopolicy', ['endpoint', 'check', path])).toMatchObject({
    status: 0,
    stdout: 'objects: tls0\nendpoints: nbd, export disk0, monitor mon0\n',
  })
  write(folder, FILE.replace('memory:', 'memry:').replace('tls-creds: tls0', 'tls-creds: tls1'))
  const { status, stderr } = run('cryptopolicy', ['endpoint', 'check', path])
  expect(status).toBe(65)
  expect(stderr).toContain(`${path}:5:24: error[OBJECT_UNKNOWN_PROPERTY]`)
  expect(stderr).toContain('did you mean memory?')
  expect(stderr).toMatch(/host\.yaml:3:\d+: error\[ENDPOINT_FILE_UNKNOWN_OBJECT\]/)
})

testWith(
  'nbdinfo',
  'a file is served, changed by SIGHUP, and a refused one changes nothing',
  async () => {
    const folder = makeX509Folder()
    const path = write(folder, FILE)
    const service = launchService(['endpoint', 'run', path])
    await untilReady(service)
    const uri = `nbds+unix://localhost/disk0?socket=${folder}/nbd.sock&tls-certificates=${folder}&tls-hostname=localhost`
    const size = (name = 'disk0') =>
      runFile('nbdinfo', ['--size', uri.replace('disk0', name)]).stdout.trim()
    expect(size()).toBe('16777216')
    expect(statSync(join(folder, 'mon0.sock')).mode & 0o777).toBe(0o600)
    const monitor = await RawMonitor.connect(join(folder, 'mon0.sock'))
    write(folder, FILE.replace('monitors:', '  - {id: disk1, memory: 1M}\nmonitors:'))
    service.child.kill('SIGHUP')
    await service.says('started export disk1')
    expect(size('disk1')).toBe('1048576')
    write(folder, FILE.replace('16M', '8M').replace('mon0.sock', 'no/mon0.sock'))
    service.child.kill('SIGHUP')
    const log = await service.says('the file before it stays in force')
    expect(log).toContain(`${path}:7:`)
    expect([size(), size('disk1')]).toEqual(['16777216', '1048576'])
    // The client of the monitor was never disconnected by what did not concern it.
    expect(existsSync(join(folder, 'mon0.sock'))).toBe(true)
    const again = await RawMonitor.connect(join(folder, 'mon0.sock'))
    await again.run('qmp_capabilities')
    await again.run('quit')
    expect(await service.ended).toBe(0)
    expect(existsSync(join(folder, 'nbd.sock'))).toBe(false)
    monitor.socket.destroy()
  },
)

test('a file that cannot be served ends the start with its line', () => {
  const folder = scratchFolder()
  const path = write(folder, 'nbd: {listen: "unix:DIR/no/nbd.sock"}\n')
  const { status, stderr } = run('cryptopolicy', ['endpoint', 'run', path])
  expect(status).toBe(69)
  expect(stderr).toContain(`${path}:1:15: error[ENDPOINT_CANNOT_LISTEN]`)
})

testWith('openssl', 'a console over TLS is joined to a program of the host', async () => {
  const folder = makeX509Folder()
  const path = write(
    folder,
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
  const service = launchService(['endpoint', 'run', path])
  const log = await untilReady(service)
  const [, port] = /chardev console at 127\.0\.0\.1:(\d+)/.exec(log) ?? []
  const { stdout } = runFile('/bin/sh', [
    '-c',
    `{ echo hello; sleep 1; } | openssl s_client -quiet -no_ign_eof -connect 127.0.0.1:${port} -cert ${folder}/client-cert.pem -key ${folder}/client-key.pem 2>${folder}/err`,
  ])
  expect(stdout).toBe('HELLO\n')
  expect(await service.says('left')).toMatch(/chardev console #1 127.*secured by TLSv1.3/)
  expect(await service.stop()).toBe(0)
})
