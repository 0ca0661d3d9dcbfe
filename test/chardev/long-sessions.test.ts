/** Sessions with others that go on: new keys within them, and a server that is started anew. */
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'vitest'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { type ChildProcess, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { makeChardevs } from './chardev-fixture.ts'

const MEGABYTE = '\x01'.repeat(1_000_000)

/** How often that byte was shown, by a program that shows other things too. */
function countLetters(child: ChildProcess): () => number {
  let count = 0
  child.stdout?.on('data', (bytes: Buffer) => {
    for (const byte of bytes) if (byte === 1) count++
  })
  return () => count
}

/** At the beginning of what it reads, s_client takes K for an order: new keys, of both sides. */
testWith('openssl', '10 MB each way with new keys after each megabyte', async () => {
  const { add, registry, dir, events } = makeChardevs()
  const port = await add('socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=server')
  await add('exec,id=e,command=cat')
  registry.join('a', 'e')
  const child = spawn(
    'openssl',
    [
      ...['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', join(dir, 'ca-cert.pem')],
      ...['-cert', join(dir, 'client-cert.pem'), '-key', join(dir, 'client-key.pem'), '-tls1_3'],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  child.stdin?.on('error', () => {})
  let said = ''
  child.stderr?.on('data', (text) => (said += text))
  const isGone = () => child.exitCode !== null
  await eventually(() => events.some(({ event }) => event === 'secured'))
  const letters = countLetters(child)
  const updates = () => said.split('KEYUPDATE').length - 1
  let before = letters()
  for (let count = 1; count <= 10; count++) {
    child.stdin?.write('K\n')
    await eventually(() => updates() === count || isGone())
    child.stdin?.write(MEGABYTE)
    await eventually(() => letters() - before >= MEGABYTE.length || isGone())
    expect(letters() - before).toBe(MEGABYTE.length)
    before = letters()
  }
})

function startServer(dir: string, port: number): ChildProcess {
  const child = spawn(
    'openssl',
    [
      ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-Verify', '1'],
      ...['-cert', join(dir, 'server-cert.pem'), '-key', join(dir, 'server-key.pem')],
      ...['-CAfile', join(dir, 'ca-cert.pem')],
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  )
  child.stdin?.on('error', () => {})
  return child
}

testWith('openssl', 'a server that is killed and started again is reached again', async () => {
  const dir = makeX509Folder()
  const port = await freePort()
  const chardevs = makeChardevs(dir)
  await chardevs.add(
    `socket,id=a,host=localhost,port=${port},ipv4=on,reconnect-ms=50,tls-creds=client`,
  )
  await chardevs.add('exec,id=e,command=echo hello; exec cat')
  chardevs.registry.join('a', 'e')
  for (let count = 0; count < 2; count++) {
    const server = startServer(dir, port)
    let shown = ''
    server.stdout?.on('data', (part) => (shown += part))
    await eventually(() => shown === 'hello\n')
    server.kill('SIGKILL')
    await once(server, 'close')
  }
})
