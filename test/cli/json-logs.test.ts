/** The logs of services as JSON are what docs/schemas says. */
import { once } from 'node:events'
import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { NBD_CMD } from '../../src/nbd/protocol/constants.ts'
import { runPeer } from '../interop/tls-peer.ts'
import { readRecorded } from '../migration/recorded-streams.ts'
import { connectPlain, readAll } from '../migration/relay/plain-ends.ts'
import { credentialsOf, makeX509Folder, x509Credentials } from '../nbd/nbd-credentials.ts'
import { RawClient } from '../nbd/server/raw-client.ts'
import { RawTransmission } from '../nbd/server/raw-transmission.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { pretendTerminal } from './caught-output.ts'
import { scratchFolder } from './command.ts'
import {
  ENDPOINT_FILE,
  exportUri,
  serveEndpointFileInProcess,
  writeEndpointFile,
} from './endpoint-process.ts'
import { type InProcessService, serveInProcess } from './in-process.ts'
import { expectValid } from './json-output.ts'

const JSON_LOG = ['--log', 'json']

/** The events of a log, each held against its schema. */
function eventsOf(schema: string, log: string): readonly string[] {
  const lines = log.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => {
    const event = JSON.parse(line) as { readonly event: string }
    expectValid(schema, event)
    return event.event
  })
}

testWith('nbdinfo', 'nbd serve: clients that are served and refused, and a reload', async () => {
  const dir = makeX509Folder()
  const place = ['-b', '127.0.0.1', '-p', '0', '-t']
  const credentials = credentialsOf('x509', dir, 'server')
  const server = await serveInProcess([
    ...['nbd', 'serve', '--memory', '1M'],
    ...[...place, ...credentials, ...JSON_LOG],
  ])
  const port = Number(/^ready: .*?:(\d+)/m.exec(server.log())?.[1])
  const uri = `nbds://localhost:${port}/?tls-certificates=${dir}`
  expect((await runPeer('nbdinfo', ['--size', uri])).status).toBe(0)
  await server.says('"left"')
  const stranger = connect(port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void stranger.destroy())
  stranger.end('GET / HTTP/1.1\r\n\r\n')
  await server.says('"refused"')
  writeFileSync(join(dir, 'server-cert.pem'), 'broken')
  const log = await server.says('"reloaded"')
  const events = eventsOf('nbd-serve-log.v1.json', log)
  expect(events).toEqual(expect.arrayContaining(['connected', 'secured', 'serving', 'left']))
  expect(events).toEqual(expect.arrayContaining(['refused', 'reloaded']))
})

test('nbd serve: a storage that fails', async () => {
  const folder = scratchFolder()
  const [image, socket] = [join(folder, 'image'), join(folder, 'nbd.sock')]
  writeFileSync(image, Buffer.alloc(1 << 20))
  const server = await serveInProcess(['nbd', 'serve', '-k', socket, image, ...JSON_LOG])
  await readBeyond(image, await RawClient.greet(socket))
  expect(eventsOf('nbd-serve-log.v1.json', await server.says('"failed"'))).toContain('failed')
})

/** Takes the end of an image away, and reads there. */
async function readBeyond(image: string, client: RawClient): Promise<void> {
  await client.go('simple')
  truncateSync(image, 4096)
  const transmission = new RawTransmission(client, 'simple')
  await transmission.error({ command: NBD_CMD.READ, offset: 524_288, length: 4096 })
}

test('migrate receive: a guest over TLS, and a stranger', async () => {
  const dir = makeX509Folder()
  const receiver = await serveInProcess([
    ...['migrate', 'receive', '--listen', 'tcp:127.0.0.1:0', join(scratchFolder(), 'guest')],
    ...[...credentialsOf('x509', dir, 'server'), ...JSON_LOG],
  ])
  const port = Number(/^ready: \S+:(\d+) /m.exec(receiver.log())?.[1])
  const stranger = connect(port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void stranger.destroy())
  stranger.end('GET / HTTP/1.1\r\n\r\n')
  await receiver.says('"refused"')
  const connection = connect(port, '127.0.0.1')
  await once(connection, 'connect')
  const { socket } = await x509Credentials(dir).connect(connection, { hostname: 'localhost' })
  socket.end(readRecorded('exec-11-pc-q35-11.1-S.bin.gz'))
  expect((await receiver.ended).status).toBe(0)
  const events = eventsOf('connection-log.v1.json', receiver.log())
  for (const event of ['connected', 'refused', 'secured', 'left']) expect(events).toContain(event)
})

test('chardev listen and connect: a console between them, and one that is not there', async () => {
  const [folder, dir] = [scratchFolder(), makeX509Folder()]
  const run = (words: readonly string[]): Promise<InProcessService> =>
    serveInProcess(['chardev', ...words, ...JSON_LOG])
  const entry = join(folder, 'entry')
  const there = await run([
    ...['listen', '--chardev', 'socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=tls0'],
    ...['--object', `tls-creds-x509,id=tls0,dir=${dir},endpoint=server`],
    ...['--to', 'file,id=f,path=/dev/null'],
  ])
  const port = /^ready: .*?127\.0\.0\.1:(\d+)/m.exec(there.log())?.[1]
  const here = await run([
    ...[
      'connect',
      '--chardev',
      `socket,id=b,host=localhost,port=${port},reconnect=1,tls-creds=tls0`,
    ],
    ...['--object', `tls-creds-x509,id=tls0,dir=${dir},endpoint=client`],
    ...['--to', `socket,id=c,path=${entry},server=on`],
  ])
  const user = await connectPlain(entry)
  user.write('hello')
  await there.says('"secured"')
  await here.says('"reached"')
  await there.stop()
  await here.says('"retrying"')
  user.end()
  await readAll(user)
  for (const [service, names] of [
    [there, ['connected', 'secured', 'carried', 'left']],
    [here, ['reached', 'carried', 'retrying']],
  ] as const) {
    const events = eventsOf('chardev-log.v1.json', service.log())
    for (const name of names) expect(events).toContain(name)
  }
})

testWith(
  'nbdinfo',
  'endpoint run: clients, a channel, a file that is changed and refused',
  async () => {
    const folder = makeX509Folder()
    const relay = `relays:
  - {id: web1, listen: "unix:DIR/web1.sock", to: "unix:DIR/nowhere.sock", tls-creds: tls0}
`
    const path = writeEndpointFile(folder, ENDPOINT_FILE + relay)
    const service = await serveInProcess(['endpoint', 'run', path, ...JSON_LOG])
    expect((await runPeer('nbdinfo', ['--size', exportUri(folder)])).status).toBe(0)
    await service.says('"left"')
    const stranger = await connectPlain(join(folder, 'web1.sock'))
    stranger.end('no TLS')
    await service.says('"refused"')
    writeEndpointFile(folder, ENDPOINT_FILE)
    service.signal('SIGHUP')
    await service.says('"applied"')
    writeEndpointFile(folder, 'nbd: {}')
    service.signal('SIGHUP')
    const log = await service.says('"refused-file"')
    const events = eventsOf('endpoint-run-log.v1.json', log)
    for (const event of ['connected', 'secured', 'serving', 'left', 'refused', 'applied']) {
      expect(events).toContain(event)
    }
  },
)

/** Services with TLS at a free port of 127.0.0.1, by their words and the schema of their logs. */
const LISTENING: readonly (readonly [
  string,
  string,
  (place: string) => readonly string[] | Promise<readonly string[]>,
])[] = [
  [
    'chardev listen',
    'chardev-log.v1.json',
    () => [
      ...['--chardev', 'socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=tls0'],
      ...['--to', 'null,id=b'],
    ],
  ],
  [
    'migrate relay',
    'migrate-relay-log.v1.json',
    (place) => ['--listen', 'tcp:127.0.0.1:0', '--to', `unix:${place}`, '--tls-creds', 'tls0'],
  ],
  [
    'migrate receive',
    'connection-log.v1.json',
    (place) => ['--listen', 'tcp:127.0.0.1:0', '--tls-creds', 'tls0', place],
  ],
  [
    'migrate preflight',
    'connection-log.v1.json',
    async () => ['--listen', `127.0.0.1:${await freePort()}`, '--tls-creds', 'tls0'],
  ],
]

const NBD_SERVE: (typeof LISTENING)[number] = [
  ...(['nbd serve', 'nbd-serve-log.v1.json'] as const),
  (place) => ['--memory', '1M', '--persistent', '--tls-creds', 'tls0', '-k', place],
]

test.each(LISTENING)(
  '%s --quiet: a stranger that is refused alone',
  async (command, schema, words) => {
    const dir = makeX509Folder()
    const object = `tls-creds-x509,id=tls0,dir=${dir},endpoint=server`
    const service = await serveInProcess([
      ...[...command.split(' '), '--quiet', '--object', object, ...JSON_LOG],
      ...(await words(join(scratchFolder(), 'place'))),
    ])
    const port = Number(/^ready: .*?127\.0\.0\.1:(\d+)/m.exec(service.log())?.[1])
    const stranger = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void stranger.destroy())
    stranger.end('GET / HTTP/1.1\r\n\r\n')
    await service.says('"refused"')
    const { stderr } = await service.stop()
    expect(eventsOf(schema, stderr)).toEqual(['refused'])
  },
)

test.each([...LISTENING, NBD_SERVE])(
  '%s: each line begins at the left of a terminal',
  async (...of) => {
    const [command, , words] = of
    pretendTerminal()
    const object = `tls-creds-x509,id=tls0,dir=${makeX509Folder()},endpoint=server`
    const service = await serveInProcess([
      ...[...command.split(' '), '--object', object],
      ...(await words(join(scratchFolder(), 'place'))),
    ])
    expect(service.log()).toMatch(/^ready: .*\r\n/m)
  },
)

test.each(LISTENING)(
  '%s --quiet: a policy that is refused at a reload, with why',
  async (command, schema, words) => {
    const folder = scratchFolder()
    const config = join(folder, 'policy')
    writeFileSync(config, '[priorities]\nSYSTEM=NORMAL\n')
    const object = `tls-creds-x509,id=tls0,dir=${makeX509Folder()},endpoint=server`
    const service = await serveInProcess([
      ...[...command.split(' '), '--quiet', '--object', object, '--config', config, ...JSON_LOG],
      ...(await words(join(folder, 'place'))),
    ])
    rmSync(config)
    service.signal('SIGHUP')
    await service.says('"reloaded"')
    const { stderr } = await service.stop()
    expect(eventsOf(schema, stderr)).toEqual(['reloaded'])
    const [, line = ''] = /^(\{.*"reloaded".*\})$/m.exec(stderr) ?? []
    const { objects, diagnostics } = JSON.parse(line)
    expect([objects, diagnostics]).toMatchObject([[], [{ code: 'FILE_MISSING' }]])
  },
)

test('nbd serve --quiet: a storage that fails', async () => {
  const folder = scratchFolder()
  const [image, socket] = [join(folder, 'image'), join(folder, 'nbd.sock')]
  writeFileSync(image, Buffer.alloc(1 << 20))
  const words = ['nbd', 'serve', '--quiet', '-k', socket, image, ...JSON_LOG]
  const server = await serveInProcess(words)
  await readBeyond(image, await RawClient.greet(socket))
  const log = await server.says('"failed"')
  expect(eventsOf('nbd-serve-log.v1.json', log)).toEqual(['failed'])
})

test('chardev listen --quiet: a program that fails', async () => {
  const entry = join(scratchFolder(), 'entry')
  const service = await serveInProcess([
    ...['chardev', 'listen', '--quiet', '--chardev', `socket,id=a,path=${entry},server=on`],
    ...['--to', 'exec,id=e,command=exit 7', ...JSON_LOG],
  ])
  const user = await connectPlain(entry)
  user.end()
  const log = await service.says('"noticed"')
  user.destroy()
  expect(new Set(eventsOf('chardev-log.v1.json', log))).toEqual(new Set(['noticed']))
})

test('nbd serve --quiet: nothing of a client that leaves', async () => {
  const socket = join(scratchFolder(), 'nbd.sock')
  const words = ['nbd', 'serve', '--quiet', '-k', socket, '--memory', '1M', ...JSON_LOG]
  const server = await serveInProcess(words)
  const client = await RawClient.greet(socket)
  await client.go('simple')
  client.stream.destroy()
  const { status, stderr } = await server.ended
  expect([status, eventsOf('nbd-serve-log.v1.json', stderr)]).toEqual([0, []])
})

test('endpoint run --quiet: a stranger, a file and credentials that are refused, and no more', async () => {
  const relay = `relays:
  - {id: web1, listen: "unix:DIR/web1.sock", to: "unix:DIR/nowhere.sock", tls-creds: tls0}
`
  const { folder, service } = await serveEndpointFileInProcess(ENDPOINT_FILE + relay, [
    ...['--quiet', ...JSON_LOG],
  ])
  const stranger = await connectPlain(join(folder, 'web1.sock'))
  stranger.end('no TLS')
  await service.says('"refused"')
  writeEndpointFile(folder, 'nbd: {}')
  service.signal('SIGHUP')
  await service.says('"refused-file"')
  writeFileSync(join(folder, 'server-cert.pem'), 'broken')
  await service.says('"reloaded"')
  const { stderr } = await service.stop()
  const events = eventsOf('endpoint-run-log.v1.json', stderr)
  expect(events).toEqual(['refused', 'refused-file', 'reloaded'])
})
