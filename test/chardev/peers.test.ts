/** Our chardevs and those of others: gnutls-cli, openssl, socat, and the serial port of a guest of QEMU. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { CRYPTOPOLICY } from '../cli/service-process.ts'
import { startGuest } from '../migration/guest.ts'
import { QEMU } from '../migration/qemu.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { type ChildProcess, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { allBytes, makeChardevs } from './chardev-fixture.ts'

const BYTES = allBytes()

const DIGEST = createHash('sha256').update(BYTES).digest('hex')

/** A chardev that a command serves, by TLS. */
async function startCommand(dir: string, command: string): Promise<string> {
  const { add, registry } = makeChardevs(dir)
  const port = await add('socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=server')
  await add(`exec,id=command,command=${command}`)
  registry.join('a', 'command')
  return port
}

/** A file with all bytes. */
function bytesFile(): string {
  const path = join(scratchFolder(), 'bytes')
  writeFileSync(path, BYTES)
  return path
}

/** Clients of others, which show what they are sent and send what they are told. */
const CLIENTS = {
  'gnutls-cli': (dir: string, port: string) => [
    ...['localhost', '-p', port, '--x509cafile', join(dir, 'ca-cert.pem')],
    ...['--logfile', '/dev/null', '--x509certfile', join(dir, 'client-cert.pem')],
    ...['--x509keyfile', join(dir, 'client-key.pem')],
  ],
  openssl: (dir: string, port: string) => [
    ...['s_client', '-connect', `localhost:${port}`, '-CAfile', join(dir, 'ca-cert.pem')],
    ...['-quiet', '-cert', join(dir, 'client-cert.pem'), '-key', join(dir, 'client-key.pem')],
  ],
  socat: (dir: string, port: string) => [
    ...['-t', '1', '-'],
    `OPENSSL:localhost:${port},cafile=${join(dir, 'ca-cert.pem')},cert=${join(dir, 'client-cert.pem')},key=${join(dir, 'client-key.pem')}`,
  ],
} as const

type Client = keyof typeof CLIENTS

function start(program: Client, dir: string, port: string): ChildProcess {
  const child = spawn(program, CLIENTS[program](dir, port), { stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin?.on('error', () => {})
  return child
}

for (const program of Object.keys(CLIENTS) as readonly Client[]) {
  testWith(program, `${program} sends 10 MB and is answered`, async () => {
    const dir = makeX509Folder()
    const port = await startCommand(dir, `head -c ${BYTES.length} | sha256sum`)
    const child = start(program, dir, port)
    child.stdin?.write(BYTES)
    expect(await text(child.stdout!)).toContain(DIGEST)
    child.stdin?.end()
  })

  // gnutls-cli looks for more before it has shown what it holds, and may wait for ever.
  if (program === 'gnutls-cli') continue
  testWith(program, `${program} gets 10 MB`, async () => {
    const dir = makeX509Folder()
    const port = await startCommand(dir, `cat ${bytesFile()}`)
    const shown = await buffer(start(program, dir, port).stdout!)
    expect(shown.equals(BYTES)).toBe(true)
  })
}

const objectOf = (dir: string, endpoint: 'server' | 'client'): string[] => [
  ...['--object', `tls-creds-x509,id=tls0,dir=${dir},endpoint=${endpoint}`],
]

/** Ours, with a shell around it. */
function startConnect(dir: string, port: number, shell: string): ChildProcess {
  const chardev = `socket,host=localhost,port=${port},ipv4=on,reconnect-ms=200,tls-creds=tls0`
  const args = ['chardev', 'connect', ...objectOf(dir, 'client'), '--chardev', chardev]
  return spawn('/bin/sh', ['-c', shell, CRYPTOPOLICY, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
}

testWith(
  'openssl',
  'chardev connect gives 10 MB to openssl s_server and shows its answer',
  async () => {
    const dir = makeX509Folder()
    const port = await freePort()
    const server = spawn(
      'openssl',
      [
        ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-naccept', '1', '-Verify', '1'],
        ...['-cert', join(dir, 'server-cert.pem'), '-key', join(dir, 'server-key.pem')],
        ...['-CAfile', join(dir, 'ca-cert.pem')],
      ],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    )
    server.stdin?.on('error', () => {})
    const client = startConnect(dir, port, `(cat ${bytesFile()}; cat) | "$0" "$@"`)
    const hash = createHash('sha256')
    let length = 0
    server.stdout?.on('data', (part: Buffer) => {
      hash.update(part)
      length += part.length
      if (length === BYTES.length) server.stdin?.write('taken\n')
    })
    const [answer] = await once(client.stdout!, 'data')
    expect(String(answer)).toBe('taken\n')
    expect(hash.digest('hex')).toBe(DIGEST)
  },
)

/** A guest whose serial port is a socket with TLS. */
function startSerial(dir: string, endpoint: 'server' | 'client', socket: string) {
  const serial = (file: string) => [
    ...['-object', `tls-creds-x509,id=tls0,dir=${dir},endpoint=${endpoint}`, '-chardev'],
    `socket,id=s0,${socket},tls-creds=tls0,logfile=${file}`,
    ...['-serial', 'chardev:s0'],
  ]
  return startGuest({ serial })
}

const ENOUGH = 40

/** QEMU writes its log after the peer has been given the letter: the log may be behind for a moment. */
const logHolds = (guest: { letters(): string }, seen: string) =>
  eventually(() => guest.letters().includes(seen))

testWith(QEMU, 'chardev connect shows the serial port of a guest whose QEMU listens', async () => {
  const dir = makeX509Folder()
  const port = await freePort()
  const guest = await startSerial(dir, 'server', `host=127.0.0.1,port=${port},server=on,wait=off`)
  const { stdout } = startConnect(dir, port, 'exec "$0" "$@" --ignore-eof')
  let shown = ''
  stdout?.on('data', (part) => {
    shown += part
  })
  await eventually(() => shown.length > ENOUGH)
  const seen = shown
  await logHolds(guest, seen)
  // QEMU closes without the goodbye of TLS, which is an end in order.
  guest.child.kill('SIGTERM')
  await eventually(() => guest.child.exitCode !== null)
})

testWith(QEMU, 'chardev listen shows the serial port of a guest whose QEMU connects', async () => {
  const { add, registry, dir, events } = makeChardevs()
  const port = await add('socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=server')
  await add('ringbuf,id=ring')
  registry.join('a', 'ring')
  const guest = await startSerial(dir, 'client', `host=127.0.0.1,port=${port},reconnect=1`)
  await eventually(() => registry.ring('ring').length > ENOUGH)
  expect(registry.list()[0]?.filename).toMatch(
    new RegExp(`^tcp:127.0.0.1:${port},server=on <-> 127.0.0.1:\\d+$`),
  )
  const seen = String(registry.ring('ring').read(ENOUGH))
  await logHolds(guest, seen)
  guest.child.kill('SIGTERM')
  await eventually(() => events.some(({ event }) => event === 'left'))
})
