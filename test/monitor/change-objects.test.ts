/** What is changed by QMP acts on the next connection, as real clients see it. */
import { once } from 'node:events'
import { cpSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { execFile, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { startMonitor } from './our-monitor.ts'
import type { RawMonitor } from './raw-monitor.ts'

async function serve(monitor: RawMonitor, dir: string): Promise<number> {
  const port = await freePort()
  const credentials = { 'qom-type': 'tls-creds-x509', id: 's0', dir, endpoint: 'server' }
  await monitor.run('object-add', credentials)
  await monitor.run('blockdev-add', { driver: 'memory', 'node-name': 'n0', size: 1_048_576 })
  const data = { host: '127.0.0.1', port: `${port}` }
  await monitor.run('nbd-server-start', { addr: { type: 'inet', data }, 'tls-creds': 's0' })
  await monitor.run('block-export-add', { type: 'nbd', id: 'e0', 'node-name': 'n0' })
  return port
}

/** The exit status of qemu-img, which looks at the export. */
async function look(port: number, dir: string, priority = 'NORMAL'): Promise<number | null> {
  const object = `tls-creds-x509,id=c0,endpoint=client,dir=${dir},priority=${priority}`
  const image = `driver=nbd,host=127.0.0.1,port=${port},export=n0,tls-creds=c0`
  const { status } = await execFile('qemu-img', ['info', '--object', object, '--image-opts', image])
  return status
}

const ONLY_TLS13 = 'NORMAL:-VERS-ALL:+VERS-TLS1.3'
const ONLY_TLS12 = 'NORMAL:-VERS-ALL:+VERS-TLS1.2'

testWith('qemu-img', 'a changed priority acts on the next connection', async () => {
  const dir = makeX509Folder()
  const monitor = await (await startMonitor()).open()
  const port = await serve(monitor, dir)
  const set = (value: string) =>
    monitor.run('qom-set', { path: '/objects/s0', property: 'priority', value })
  expect(await look(port, dir, ONLY_TLS13)).toBe(0)
  await set(ONLY_TLS12)
  expect(await look(port, dir, ONLY_TLS13)).toBe(1)
  expect(await look(port, dir, ONLY_TLS12)).toBe(0)
  await expect(set('NORMAL:+NOSUCH')).rejects.toThrow('NOSUCH')
  expect(await look(port, dir, ONLY_TLS12)).toBe(0)
  await set('')
  expect(await look(port, dir, ONLY_TLS13)).toBe(0)
})

testWith('qemu-img', 'credentials in use keep their side, others change it', async () => {
  const dir = makeX509Folder()
  const monitor = await (await startMonitor()).open()
  const port = await serve(monitor, dir)
  const set = (value: string) => monitor.run('qom-set', { path: 's0', property: 'endpoint', value })
  await expect(set('client')).rejects.toThrow('in use')
  expect(await monitor.run('qom-get', { path: 's0', property: 'endpoint' })).toBe('server')
  expect(await look(port, dir)).toBe(0)
  await monitor.run('nbd-server-stop')
  await set('client')
  const data = { host: '127.0.0.1', port: `${port}` }
  const start = () =>
    monitor.run('nbd-server-start', { addr: { type: 'inet', data }, 'tls-creds': 's0' })
  await expect(start()).rejects.toThrow('Expected TLS credentials for a server endpoint')
  await set('server')
  await start()
})

testWith(
  'qemu-img',
  'display-reload brings renewed certificates; a broken set changes nothing',
  async () => {
    const [dir, old, renewed] = [makeX509Folder(), makeX509Folder(), makeX509Folder()]
    cpSync(old, dir, { recursive: true })
    const monitor = await (await startMonitor()).open()
    const port = await serve(monitor, dir)
    const reload = () => monitor.run('display-reload', { type: 'vnc', 'tls-certs': true })
    expect(await look(port, old)).toBe(0)
    cpSync(`${renewed}/server-key.pem`, `${dir}/server-key.pem`)
    await expect(reload()).rejects.toThrow('server-key.pem')
    expect(await look(port, old)).toBe(0)
    cpSync(renewed, dir, { recursive: true })
    await reload()
    expect(await look(port, old)).toBe(1)
    expect(await look(port, renewed)).toBe(0)
    expect(await monitor.run('x-objects-reload')).toMatchObject({
      complete: true,
      objects: [{ id: 's0', outcome: 'unchanged', messages: [] }],
    })
  },
)

testWith('qemu-io', 'an export in use is removed with its clients only', async () => {
  const monitor = await (await startMonitor()).open()
  const port = await freePort()
  const data = { host: '127.0.0.1', port: `${port}` }
  await monitor.run('blockdev-add', { driver: 'memory', 'node-name': 'n0', size: 1_048_576 })
  await monitor.run('nbd-server-start', { addr: { type: 'inet', data } })
  await monitor.run('block-export-add', { type: 'nbd', id: 'e0', 'node-name': 'n0' })
  const client = spawn('qemu-io', ['-r', '-f', 'raw', `nbd://127.0.0.1:${port}/n0`])
  client.stdin.write('read 0 512\n')
  await once(client.stdout, 'data')
  await expect(monitor.run('block-export-del', { id: 'e0' })).rejects.toThrow(
    "export 'e0' still in use",
  )
  await expect(monitor.run('blockdev-del', { 'node-name': 'n0' })).rejects.toThrow('in use')
  await monitor.run('block-export-del', { id: 'e0', mode: 'hard' })
  await monitor.waitFor('BLOCK_EXPORT_DELETED')
  await monitor.run('blockdev-del', { 'node-name': 'n0' })
  client.kill()
})

test('a chardev that could not be made leaves its credentials unused', async () => {
  const monitor = await (await startMonitor()).open()
  const dir = makeX509Folder()
  const credentials = { 'qom-type': 'tls-creds-x509', id: 's0', dir, endpoint: 'server' }
  await monitor.run('object-add', credentials)
  const addr = { type: 'inet', data: { host: '127.0.0.1', port: '0' } }
  const socket = { addr, wait: false, 'tls-creds': 's0' }
  const unlogged = { type: 'socket', data: { ...socket, logfile: '/nosuch/log' } }
  const add = monitor.run('chardev-add', { id: 'k0', backend: unlogged })
  await expect(add).rejects.toThrow("Could not create '/nosuch/log'")
  const words =
    'socket,id=k0,host=127.0.0.1,port=0,server=on,mux=on,tls-creds=s0,writer-authz=nosuch'
  const line = { 'command-line': `chardev-add ${words}` }
  expect(await monitor.run('human-monitor-command', line)).toContain('nosuch')
  await monitor.run('qom-set', { path: 's0', property: 'endpoint', value: 'client' })
})
