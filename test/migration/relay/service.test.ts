/** The relay as a service: maps, sockets, reloads, the end, and what it refuses. */
import { once } from 'node:events'
import { chmodSync, copyFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseRelayMap } from '../../../src/migration/relay/relay-map.ts'
import { scratchFolder } from '../../cli/command.ts'
import { runInProcess, serveInProcess } from '../../cli/in-process.ts'
import { credentialsOf, makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { spawnSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { connectPlain, listenPlain, readAll } from './plain-ends.ts'
import { launchRelay, startPair, startPairInProcess, startRelay } from './relay-process.ts'

function portOf(log: string): string {
  return /^ready: 127\.0\.0\.1:(\d+)/m.exec(log)?.[1] ?? ''
}

/** A map of relays with these places. */
function writeMap(path: string, relays: Readonly<Record<string, string>>): string {
  const entries = Object.entries(relays).map(
    ([id, places]) => `- {id: ${id}, ${places}, tls-creds: tls0}`,
  )
  writeFileSync(path, `relays:\n${entries.join('\n')}\n`)
  return path
}

test('one process relays for many guests, each to its own place', async () => {
  const folder = scratchFolder()
  const path = (name: string) => join(folder, name)
  const dir = makeX509Folder()
  const [web, mail] = [await listenPlain(path('web.exit')), await listenPlain(path('mail.exit'))]
  const accepts = writeMap(path('there'), {
    web: `listen: "tcp:127.0.0.1:0", to: "unix:${path('web.exit')}"`,
    mail: `listen: "tcp:127.0.0.2:0", to: "unix:${path('mail.exit')}", nbd: on`,
    // An address for documentation (RFC 5737), which no client of this test asks for.
    far: 'listen: "tcp:127.0.0.3:0", to: "tcp:192.0.2.1:4444"',
  })
  const [, server = ''] = credentialsOf('x509', dir, 'server')
  const there = await startRelay(['--map', accepts, '--object', server])
  expect(there.log().match(/warning\[RELAY_CLEAR_TARGET\].*/g)).toEqual([
    expect.stringContaining('192.0.2.1:4444'),
  ])
  const [first, second] = /^ready: (\S+), (\S+), \S+$/m.exec(there.log())?.slice(1) ?? []
  const dials = writeMap(path('here'), {
    web: `listen: "unix:${path('web')}", to: "tcp:${first}"`,
    mail: `listen: "unix:${path('mail')}", to: "tcp:${second}", tls-hostname: localhost, socket-mode: "0640"`,
  })
  const [, client = ''] = credentialsOf('x509', dir, 'client')
  const here = await startRelay(['--map', dials, '--object', client])
  for (const [name, exit] of Object.entries({ web, mail })) {
    const near = await connectPlain(path(name))
    near.end(name)
    expect(String(await readAll(await exit.next()))).toBe(name)
    await here.says(new RegExp(`^${name} #1 unix: reached`, 'm'))
  }
  expect(statSync(path('mail')).mode & 0o777).toBe(0o640)
})

test('a socket that a map names twice, in two spellings, is refused', async () => {
  const folder = scratchFolder()
  const map = writeMap(join(folder, 'map'), {
    one: `listen: "unix:${folder}/guest.sock", to: "tcp:localhost:1"`,
    two: `listen: "unix:${folder}/./guest.sock", to: "tcp:localhost:1"`,
  })
  const [, client = ''] = credentialsOf('x509', makeX509Folder(), 'client')
  const relay = launchRelay(['--map', map, '--object', client])
  expect(await relay.ended).toBe(69)
  expect(relay.log()).toMatch(/ENDPOINT_CANNOT_LISTEN.*guest\.sock/)
})

test('a map that is wrong is refused with its place', async () => {
  const path = join(scratchFolder(), 'map.yaml')
  const twice = { a: 'listen: "unix:x", to: "tcp:h:1"', b: 'listen: "unix:x", to: "tcp:h:2"' }
  for (const [relays, code] of [
    [{ a: 'listen: "unix:", to: "tcp:h:1"' }, 'MIGRATION_URI_INVALID'],
    [{ a: 'listen: "unix:x", to: "tcp:h:1", tls: on' }, 'OBJECT_UNKNOWN_PROPERTY'],
    [{ a: 'to: "tcp:h:1"' }, 'OBJECT_MISSING_PROPERTY'],
    [{ a: 'listen: "unix:x", to: "tcp:h:1", socket-mode: "999"' }, 'OBJECT_WRONG_VALUE'],
    [twice, 'RELAY_MAP_REPEATED'],
  ] as const) {
    const relay = launchRelay(['--map', writeMap(path, relays as Record<string, string>)])
    expect(await relay.ended).toBe(65)
    expect(relay.log()).toMatch(new RegExp(`map.yaml:[23]:\\d+: error\\[${code}\\]`))
  }
})

test.each([
  ['listen: "unix:x", to: "tcp:h:1"', 'RELAY_NO_CREDENTIALS'],
  ['listen: "unix:x", to: "tcp:h:1", tls-creds: t, socket-owner: "?"', 'SERVICE_UNKNOWN_OWNER'],
])(
  'a relay %j is refused as a mistake of its map, and with options as wrong usage',
  async (relay, code) => {
    const map = join(scratchFolder(), 'map.yaml')
    writeFileSync(map, `- {id: r, ${relay}}\n`)
    const [, object = ''] = credentialsOf('x509', makeX509Folder(), 'client')
    const options = ['--object', object.replace('id=tls0', 'id=t')]
    const words = [...relay.matchAll(/([\w-]+): "?([^",]+)/g)].map(
      ([, key, value]) => `--${key}=${value}`,
    )
    for (const [args, status] of [
      [['--map', map], 65],
      [words, 64],
    ] as const) {
      const outcome = await runInProcess(['migrate', 'relay', ...args, ...options])
      expect([args, outcome.status]).toEqual([args, status])
      expect(outcome.stderr).toContain(`error[${code}]`)
    }
  },
)

test('the socket has the mode that was asked for, and 0600 otherwise', async () => {
  const modeOf = (path: string) => statSync(path).mode & 0o777
  const first = await startPairInProcess()
  expect(modeOf(first.entry)).toBe(0o600)
  const second = await startPairInProcess({ sourceArgs: ['--socket-mode', '0666'] })
  expect(modeOf(second.entry)).toBe(0o666)
})

test.skipIf(process.geteuid?.() !== 0)(
  'the socket has the owner that was asked for [root]',
  async () => {
    const { entry } = await startPairInProcess({ sourceArgs: ['--socket-owner', 'nobody:daemon'] })
    const idOf = (name: string, option: string) =>
      Number(spawnSync('id', [option, name], { encoding: 'utf8' }).stdout)
    const { uid, gid, mode } = statSync(entry)
    expect([uid, gid, mode & 0o777]).toEqual([idOf('nobody', '-u'), idOf('daemon', '-g'), 0o600])
  },
)

test('new certificates are taken up, and channels that are open go on', async () => {
  const [dir, other] = [makeX509Folder(), makeX509Folder()]
  const pair = await startPairInProcess({ sourceDir: dir, destinationDir: dir })
  const target = await listenPlain(pair.exit)
  const near = await connectPlain(pair.entry)
  near.write('before')
  const far = await target.next()
  // Certificates of another authority: both relays take them from the same folder.
  for (const name of ['ca', 'server', 'client']) {
    for (const kind of ['cert', 'key']) {
      if (name === 'ca' && kind === 'key') continue
      copyFileSync(join(other, `${name}-${kind}.pem`), join(dir, `${name}-${kind}.pem`))
      if (kind === 'key') chmodSync(join(dir, `${name}-key.pem`), 0o600)
    }
  }
  await Promise.all([pair.source, pair.destination].map(({ says }) => says(/loaded anew/)))
  near.end(' and after')
  expect(String(await readAll(far))).toBe('before and after')
  const next = await connectPlain(pair.entry)
  next.end('by the new ones')
  expect(String(await readAll(await target.next()))).toBe('by the new ones')
})

test('a relay that is told to end lets open channels end first', async () => {
  const pair = await startPair()
  const target = await listenPlain(pair.exit)
  const near = await connectPlain(pair.entry)
  near.write('half')
  const far = await target.next()
  await pair.source.says(/reached/)
  const ends = [pair.source.stop(), pair.destination.stop()]
  near.end(' and half')
  expect(String(await readAll(far))).toBe('half and half')
  far.end('SHUT')
  expect(String(await readAll(near))).toBe('SHUT')
  expect(await Promise.all(ends)).toEqual([0, 0])
})

test('a channel more than allowed waits, with all that it says, for the end of another', async () => {
  const pair = await startPairInProcess({ sourceArgs: ['--channels', '1'] })
  const target = await listenPlain(pair.exit)
  const first = await connectPlain(pair.entry)
  first.write('first')
  const far = await target.next()
  const second = await connectPlain(pair.entry)
  const said = Buffer.alloc(300_000, 7)
  second.end(said)
  first.end()
  expect(String(await readAll(far))).toBe('first')
  far.end()
  expect((await readAll(await target.next())).equals(said)).toBe(true)
})

testWith(
  'openssl',
  'a client gets no session tickets: QEMU would lose the end of its guest by them',
  async () => {
    const dir = makeX509Folder()
    const folder = scratchFolder()
    await listenPlain(join(folder, 'exit'))
    const relay = await startRelay([
      ...['--listen', 'tcp:127.0.0.1:0', '--to', `unix:${join(folder, 'exit')}`],
      ...credentialsOf('x509', dir, 'server'),
    ])
    const files = ['-CAfile', 'ca-cert.pem', '-cert', 'client-cert.pem', '-key', 'client-key.pem']
    const connect = ['s_client', '-msg', '-connect', `127.0.0.1:${portOf(relay.log())}`, ...files]
    const { stdout } = spawnSync('openssl', connect, { cwd: dir, input: 'hello', encoding: 'utf8' })
    expect(stdout).toContain('TLS 1.3, Handshake [length')
    expect(stdout).toContain('Finished')
    expect(stdout).not.toContain('NewSessionTicket')
  },
)

describe('what is refused before anything listens', () => {
  const pair = ['--listen', 'unix:a', '--to', 'tcp:localhost:1']
  test.each([
    ['RELAY_NO_CREDENTIALS', () => pair],
    ['MIGRATION_URI_INVALID', () => ['--listen', 'udp:x', '--to', 'tcp:localhost:1']],
    [
      'MIGRATION_URI_UNUSABLE',
      () => ['--listen', 'unix:a', '--to', 'exec:cat', ...client(), '--tls-hostname', 'a'],
    ],
    [
      'MIGRATION_URI_UNUSABLE',
      () => ['--listen', 'exec:cat', '--to', 'tcp:localhost:1', ...client()],
    ],
    ['RELAY_WRONG_SIDE', () => [...pair, ...server(), '--tls-hostname', 'a']],
    ['RELAY_WRONG_SIDE', () => [...pair, ...client(), '--tls-authz', 'a']],
    ['RELAY_MEMORY_TOO_SMALL', () => [...pair, ...client(), '--memory-limit', '3M']],
    ['SERVICE_UNKNOWN_OWNER', () => [...pair, ...client(), '--socket-owner', 'no-such-user']],
    ['USAGE_CONFLICTING_OPTIONS', () => [...pair, '--map', 'x']],
    ['USAGE_MISSING_OPTION', () => ['--listen', 'unix:a']],
    ['OBJECT_NOT_FOUND', () => [...pair, '--tls-creds', 'absent']],
  ])('%s', async (code, args) => {
    const relay = launchRelay(args())
    expect(await relay.ended).toBeGreaterThan(0)
    expect(relay.log()).toContain(`error[${code}]`)
  })

  const client = () => credentialsOf('x509', makeX509Folder(), 'client')
  const server = () => credentialsOf('x509', makeX509Folder(), 'server')
})

test('memory for one channel is enough', async () => {
  const dir = makeX509Folder()
  const relay = await serveInProcess([
    ...['migrate', 'relay', '--listen', `unix:${join(scratchFolder(), 'a')}`],
    ...['--to', 'tcp:localhost:1', '--memory-limit', '4M', ...credentialsOf('x509', dir, 'client')],
  ])
  expect((await relay.stop()).status).toBe(0)
})

test('a place that others listen at is not taken', async () => {
  const { entry } = await startPairInProcess()
  const dir = makeX509Folder()
  const args = ['--listen', `unix:${entry}`, '--to', 'tcp:localhost:1']
  const relay = launchRelay([...args, ...credentialsOf('x509', dir, 'client')])
  expect(await relay.ended).toBe(69)
  expect(relay.log()).toContain('ENDPOINT_CANNOT_LISTEN')
  const near = await connectPlain(entry)
  near.destroy()
  await once(near, 'close')
})

test.each(['relays: []', '[]', '{"relays": []}'])('a map without relays is refused: %s', (text) => {
  expect(() => parseRelayMap({ name: 'map.yaml', text })).toThrow(
    expect.objectContaining({
      diagnostics: [expect.objectContaining({ code: 'RELAY_MAP_EMPTY' })],
    }),
  )
})
