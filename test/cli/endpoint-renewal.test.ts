import { X509Certificate } from 'node:crypto'
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { RawMonitor } from '../monitor/raw-monitor.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { type ChildProcess, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { launchService, type ServiceProcess, untilReady } from './service-process.ts'

const CREDENTIALS = [
  ...['ca-cert.pem', 'server-cert.pem', 'server-key.pem'],
  ...['client-cert.pem', 'client-key.pem'],
]

/** A new file takes the place of each old one, as programs that renew certificates do. */
function renew(folder: string): void {
  const fresh = makeX509Folder()
  for (const name of CREDENTIALS) {
    copyFileSync(join(fresh, name), join(folder, `${name}.new`))
    renameSync(join(folder, `${name}.new`), join(folder, name))
  }
}

function fingerprintOf(folder: string): string {
  return new X509Certificate(readFileSync(join(folder, 'server-cert.pem'))).fingerprint256
}

/** A session of `openssl s_client` with the monitor; it goes on until it is killed. */
class TlsSession {
  readonly child: ChildProcess
  #said = ''

  constructor(port: number, folder: string) {
    const files = ['-cert', 'client-cert.pem', '-key', 'client-key.pem', '-CAfile', 'ca-cert.pem']
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-showcerts', ...files]
    this.child = spawn('openssl', args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data) => {
        this.#said += data
      })
    }
  }

  /** Waits until the other side has said something that matches, and forgets all before. */
  async says(what: RegExp): Promise<string> {
    for (;;) {
      const found = what.exec(this.#said)
      if (found) {
        this.#said = this.#said.slice(found.index + found[0].length)
        return found[0]
      }
      if (this.child.exitCode !== null) throw new Error(`openssl has ended: ${this.#said}`)
      await delay(20)
    }
  }

  /** The certificate that the server has shown. */
  async fingerprint(): Promise<string> {
    const pem = await this.says(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/)
    return new X509Certificate(pem).fingerprint256
  }

  async negotiate(): Promise<void> {
    await this.says(/"QMP": [^\n]*\n/)
    await this.ask('qmp_capabilities')
  }

  /** Executes a command of the monitor. */
  async ask(execute: string): Promise<string> {
    this.child.stdin?.write(`${JSON.stringify({ execute })}\n`)
    return this.says(/"return": [^\n]*\n/)
  }
}

type Serving = {
  readonly folder: string
  readonly path: string
  readonly port: number
  readonly service: ServiceProcess
}

async function serve(): Promise<Serving> {
  const folder = makeX509Folder()
  const port = await freePort()
  const path = join(folder, 'host.yaml')
  writeFileSync(
    path,
    `objects:
  - {qom-type: tls-creds-x509, id: tls0, dir: "${folder}", endpoint: server, priority: NORMAL}
  - {qom-type: authz-simple, id: admins, identity: "CN=client"}
monitors:
  - {id: local, listen: "unix:${folder}/mon.sock"}
  - {id: remote, listen: "tcp:127.0.0.1:${port}", tls-creds: tls0, tls-authz: admins}
`,
  )
  const service = launchService(['endpoint', 'run', path])
  await untilReady(service)
  return { folder, path, port, service }
}

/** How the process comes to know, and what is waited for then. */
const WAYS: Readonly<Record<string, (serving: Serving) => Promise<unknown>>> = {
  'a change of the files': ({ service }) => service.says("'tls0': loaded anew"),
  SIGHUP: ({ service }) => {
    service.child.kill('SIGHUP')
    return service.says("'tls0': loaded anew")
  },
  QMP: async ({ folder }) => {
    const monitor = await RawMonitor.connect(join(folder, 'mon.sock'))
    await monitor.run('qmp_capabilities')
    await monitor.run('display-reload', { type: 'vnc', 'tls-certs': true })
    monitor.close()
  },
}

for (const [way, tell] of Object.entries(WAYS)) {
  testWith(
    'openssl',
    `old sessions go on and new ones get certificates renewed by ${way}`,
    async () => {
      const serving = await serve()
      const { folder, port } = serving
      const before = fingerprintOf(folder)
      const old = new TlsSession(port, folder)
      expect(await old.fingerprint()).toBe(before)
      await old.negotiate()
      renew(folder)
      await tell(serving)
      const fresh = new TlsSession(port, folder)
      expect(await fresh.fingerprint()).toBe(fingerprintOf(folder))
      expect(fingerprintOf(folder)).not.toBe(before)
      await fresh.negotiate()
      expect(await fresh.ask('query-status')).toContain('"running": true')
      expect(await old.ask('query-status')).toContain('"running": true')
    },
  )
}

testWith(
  'openssl',
  'an object changes its role by the file, and by QMP where nothing uses it',
  async () => {
    const serving = await serve()
    const { folder, path, service, port } = serving
    const target = await freePort()
    const echo = spawn(
      'openssl',
      [
        ...[
          's_server',
          '-accept',
          `127.0.0.1:${target}`,
          '-rev',
          '-quiet',
          '-CAfile',
          'ca-cert.pem',
        ],
        ...['-cert', 'server-cert.pem', '-key', 'server-key.pem', '-Verify', '1'],
      ],
      { cwd: folder, stdio: 'ignore' },
    )
    const relay = `relays: [{id: out, listen: "unix:${folder}/relay.sock", to: "tcp:127.0.0.1:${target}", tls-creds: tls0, tls-hostname: localhost, nbd: true}]\n`
    const text = readFileSync(path, 'utf8')
    writeFileSync(
      path,
      text.replace('endpoint: server', 'endpoint: client').replace(/ {2}- \{id: remote.*\n/, relay),
    )
    service.child.kill('SIGHUP')
    expect(await service.says(/host\.yaml: .*\n/)).toContain(
      'started relay out; stopped monitor remote',
    )
    expect(await echoed(join(folder, 'relay.sock'), 'abc\n', echo)).toBe('cba\n')
    // Nothing uses it any more, and a client of the monitor makes it one of a server again.
    writeFileSync(
      path,
      text.replace('endpoint: server', 'endpoint: client').replace(/ {2}- \{id: remote.*\n/, ''),
    )
    service.child.kill('SIGHUP')
    await service.says('stopped relay out')
    const monitor = await RawMonitor.connect(join(folder, 'mon.sock'))
    await monitor.run('qmp_capabilities')
    const role = { path: '/objects/tls0', property: 'endpoint' }
    await monitor.run('qom-set', { ...role, value: 'server' })
    const inet = { host: '127.0.0.1', port: String(port) }
    await monitor.run('nbd-server-start', {
      addr: { type: 'inet', data: inet },
      'tls-creds': 'tls0',
    })
    await expect(monitor.run('qom-set', { ...role, value: 'client' })).rejects.toThrow(/use/)
    monitor.close()
  },
)

/** What comes back through the relay; its server may not listen yet. */
async function echoed(path: string, text: string, server: ChildProcess): Promise<string> {
  for (;;) {
    const answer = await new Promise<string>((resolve) => {
      let said = ''
      const socket = connect(path, () => socket.write(text))
      socket.on('data', (data) => {
        said += data
        if (said.endsWith('\n')) socket.destroy()
      })
      socket.on('error', () => {}).on('close', () => resolve(said))
    })
    if (answer !== '') return answer
    if (server.exitCode !== null) throw new Error('openssl s_server has ended')
    await delay(50)
  }
}
