/** The NBD server where the system refuses it something: descriptors, file sizes, a path. */
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ClientTls } from '../../src/endpoint/client-tls.ts'
import { NbdClient } from '../../src/nbd/client/nbd-client.ts'
import { makeX509Folder, x509Credentials } from '../nbd/nbd-credentials.ts'
import { launchNbd, serveNbd } from '../nbd/our-server.ts'
import { RawTransmission } from '../nbd/server/raw-transmission.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { testWith } from '../peers/peer.ts'
import { scratchFolder } from './command.ts'

const MEMORY = ['--memory', '1M'] as const

testWith('prlimit', 'goes on where its log and its image reach a limit of their size', async () => {
  const log = join(scratchFolder(), 'log')
  const image = join(scratchFolder(), 'image')
  writeFileSync(image, '')
  const wrapper = `truncate -s 1M ${image}; exec "$@" 2>${log}`
  const server = launchNbd([image, '-e', '0', '-t'], { wrapper })
  await eventually(() => connects(server.socket))
  const { status } = await limitFileSize(server.pid, 2048)
  expect(status).toBe(0)
  for (let count = 0; count < 50; count++) {
    const client = await RawTransmission.open(server.socket, 'structured')
    expect(await client.error({ command: 0, length: 512 })).toBe(0)
    client.client.stream.destroy()
  }
  const client = await RawTransmission.open(server.socket, 'structured')
  expect(await client.error({ command: 1, offset: 65_536, payload: Buffer.alloc(512) })).toBe(28)
  expect(await client.error({ command: 0, length: 512 })).toBe(0)
  expect(server.child.exitCode).toBe(null)
})

async function limitFileSize(pid: number, bytes: number) {
  const { runPeer } = await import('../interop/tls-peer.ts')
  return runPeer('prlimit', ['--pid', String(pid), `--fsize=${bytes}:${bytes}`])
}

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

test('of many servers that start on one stale socket, one is ready', async () => {
  for (let round = 0; round < 3; round++) {
    const first = await serveNbd([...MEMORY, '-t'])
    await first.stop('SIGKILL')
    const args = ['-k', first.socket, ...MEMORY, '-t']
    const rivals = Array.from({ length: 4 }, () => launchNbd(args, { ownPlace: true }))
    await Promise.all(rivals.map((rival) => rival.says(/^ready: |error/m)))
    const ready = rivals.filter((rival) => /^ready: /m.test(rival.log()))
    expect(ready).toHaveLength(1)
    expect(await connects(first.socket)).toBe(true)
    await Promise.all(rivals.map((rival) => rival.stop('SIGKILL')))
  }
})

testWith(
  'prlimit',
  '80 descriptors, 300 clients, and an authorization that changes meanwhile',
  async () => {
    const dir = makeX509Folder()
    const rules = join(scratchFolder(), 'rules.json')
    const write = (policy: string) => writeFileSync(rules, JSON.stringify({ rules: [], policy }))
    write('allow')
    const server = await serveNbd(
      [
        ...[...MEMORY, '-e', '0', '-t', '--tls-creds', 'tls0', '--tls-authz', 'clients'],
        ...['--object', `tls-creds-x509,id=tls0,endpoint=server,dir=${dir}`],
        ...['--object', `authz-list-file,id=clients,filename=${rules},refresh=on`],
      ],
      { wrapper: 'exec prlimit --nofile=80:80 "$@"' },
    )
    const idle = Array.from({ length: 300 }, () => connect(server.socket).on('error', () => {}))
    await eventually(() => server.log().includes('ENDPOINT_GAVE_WAY'))
    write('deny')
    await server.says("'clients': loaded anew")
    expect(server.log()).not.toContain('EMFILE')
    expect(server.log()).not.toContain('too many open files')
    for (const socket of idle) socket.destroy()
    expect(server.child.exitCode).toBe(null)
  },
)

testWith(
  'prlimit',
  'an authorization that changes while no descriptor is left is in force when there is one again',
  async () => {
    const dir = makeX509Folder()
    const rules = join(scratchFolder(), 'rules.json')
    const write = (policy: string) => writeFileSync(rules, JSON.stringify({ rules: [], policy }))
    write('deny')
    const server = await serveNbd([
      ...[...MEMORY, '-e', '0', '-t', '--tls-creds', 'tls0', '--tls-authz', 'clients'],
      ...['--object', `tls-creds-x509,id=tls0,endpoint=server,dir=${dir}`],
      ...['--object', `authz-list-file,id=clients,filename=${rules},refresh=on`],
    ])
    const tls = { mode: 'required', credentials: x509Credentials(dir), hostname: 'localhost' }
    const connectClient = () =>
      NbdClient.connect({ kind: 'unix', path: server.socket }, '', {
        tls: tls as ClientTls,
        timeout: 240_000,
      })
    const refusal = { diagnostics: [{ code: 'NBD_ENDED_AFTER_TLS' }] }
    await expect(connectClient()).rejects.toMatchObject(refusal)
    // Fewer than it has open: what it opens from now on is refused by the system.
    expect((await limitDescriptors(server.pid, 3)).status).toBe(0)
    write('allow')
    await server.says(/too many open files|EMFILE/)
    expect((await limitDescriptors(server.pid, 1024)).status).toBe(0)
    await server.says("'clients': loaded anew")
    const client = await connectClient()
    expect(client.info.size).toBe(1 << 20)
    await client.disconnect()
  },
)

/** The soft limit, which a process may reach again. */
async function limitDescriptors(pid: number, count: number) {
  const { runPeer } = await import('../interop/tls-peer.ts')
  return runPeer('prlimit', ['--pid', String(pid), `--nofile=${count}:`])
}
