/** Two relays within the process of the test: a guest goes through both, and each refusal has its code. */
import { statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EndpointConnection } from '../../../src/endpoint/connection.ts'
import type { ConnectionEvent } from '../../../src/endpoint/connection-event.ts'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { clearTextWarnings } from '../../../src/migration/relay/clear-text-warnings.ts'
import { printRelayEvent, relayEventToJson } from '../../../src/migration/relay/event-report.ts'
import { GuestRelay } from '../../../src/migration/relay/guest-relay.ts'
import { openRelay } from '../../../src/migration/relay/open-relay.ts'
import type { RelayDefinition } from '../../../src/migration/relay/relay-definition.ts'
import type { RelayEvent } from '../../../src/migration/relay/relay-event.ts'
import { parseRelayMap } from '../../../src/migration/relay/relay-map.ts'
import { findSides } from '../../../src/migration/relay/relay-sides.ts'
import { parseObject } from '../../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { bytesOf, command, EOF, HEADER } from '../crafted-streams.ts'
import { connectPlain, listenPlain, readAll } from './plain-ends.ts'

const LIMITS = { channelLimit: 4, handshakeLimit: 0, idleLimit: 0 }

function objectsOf(folder: string): TlsObjects {
  const x509 = (id: string, endpoint: string) =>
    parseObject(`tls-creds-x509,id=${id},dir=${folder},endpoint=${endpoint}`)
  const authz = parseObject('authz-list,id=who,policy=allow')
  return TlsObjects.create([x509('client', 'client'), x509('server', 'server'), authz])
}

const definition = (
  listen: string,
  to: string,
  credentials?: string,
  more = {},
): RelayDefinition => ({
  ...{ listen: parseMigrationUri(listen), to: parseMigrationUri(to), credentials },
  ...{ isNbd: false, socket: {}, ...more },
})

async function start(one: RelayDefinition, objects: TlsObjects, limits = LIMITS) {
  const events: RelayEvent[] = []
  const { relay, file } = openRelay(one, objects, limits, (event) => void events.push(event))
  const place = await relay.listen(one.listen, file)
  onTestFinished(() => relay.drain(0))
  const seen = (name: string) => events.filter(({ event }) => event === name)
  return { place, events, seen }
}

async function startPair(more = {}) {
  const objects = objectsOf(makeX509Folder())
  const folder = scratchFolder()
  const [entry, exit] = [join(folder, 'entry'), join(folder, 'exit')]
  const destination = await start(
    definition('tcp:127.0.0.1:0', `unix:${exit}`, 'server', more),
    objects,
  )
  const { port } = destination.place as AddressInfo
  const source = await start(
    definition(`unix:${entry}`, `tcp:localhost:${port}`, 'client', { id: 'web1', ...more }),
    objects,
  )
  return { entry, exit, source, destination }
}

describe('a channel', () => {
  test('goes both ways to its ends, and is told with its bytes', async () => {
    const { entry, exit, source, destination } = await startPair()
    const target = await listenPlain(exit)
    expect(statSync(entry).mode & 0o777).toBe(0o600)
    const near = await connectPlain(entry)
    near.end('memory')
    const far = await target.next()
    expect(String(await readAll(far))).toBe('memory')
    far.end('SHUT')
    expect(String(await readAll(near))).toBe('SHUT')
    await expect
      .poll(() => [source.seen('left').length, destination.seen('left').length])
      .toEqual([1, 1])
    const relayed = { connection: 1, sent: 6, received: 4 }
    expect(source.seen('relayed')).toMatchObject([{ ...relayed, relay: 'web1', from: 'unix' }])
    expect(destination.seen('relayed')).toMatchObject([relayed])
    expect(source.seen('reached')).toMatchObject([
      { to: expect.stringMatching(/^localhost:\d+$/), tls: { protocol: 'TLSv1.3' } },
    ])
    expect(destination.seen('reached')[0]).not.toHaveProperty('tls')
  })

  test('to a place that is not there ends, and a code says why', async () => {
    const { entry, destination, source } = await startPair()
    const near = await connectPlain(entry)
    near.write('x')
    expect(await readAll(near).catch(() => Buffer.alloc(0))).toHaveLength(0)
    await expect
      .poll(() => destination.seen('refused').length + destination.seen('left').length)
      .toBeGreaterThan(0)
    expect(JSON.stringify(destination.events)).toContain('NET_UNREACHABLE')
    // What it was told depends on what came first; it ends with its client at the latest.
    near.destroy()
    await expect
      .poll(() => source.seen('left').length + source.seen('refused').length)
      .toBeGreaterThan(0)
  })

  test('that the target breaks is lost on both sides', async () => {
    const { entry, exit, source } = await startPair()
    const target = await listenPlain(exit)
    const near = await connectPlain(entry)
    near.write('x')
    const far = await target.next()
    far.write('y')
    await expect.poll(() => near.readableLength).toBe(1)
    far.destroy()
    near.resume()
    near.write('more')
    await expect.poll(() => near.destroyed || near.closed || near.readableEnded).toBe(true)
    near.destroy()
    await expect
      .poll(() => source.seen('left').length + source.seen('refused').length)
      .toBeGreaterThan(0)
  })
})

/** A destination that is slow in its handshake holds up the channels of a guest, and no clients of a disk. */
test.each([
  [false, 1],
  [true, 2],
])('channels of a disk (%s) are opened without waiting for those before', async (isNbd, count) => {
  const folder = scratchFolder()
  const [entry, exit] = [join(folder, 'entry'), join(folder, 'exit')]
  const target = await listenPlain(exit)
  const more = { isNbd, hostname: 'localhost' }
  const one = definition(`unix:${entry}`, `unix:${exit}`, 'client', more)
  await start(one, objectsOf(makeX509Folder()))
  for (let channel = 0; channel < 2; channel++) (await connectPlain(entry)).write('x')
  const first = await target.next()
  // A second one that is not held up is here within a few turns.
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  if (count === 1) expect(target.connections).toHaveLength(1)
  else await target.next()
  first.destroy()
  await expect.poll(() => target.connections.length).toBe(2)
})

test('a destination that does not shake hands in time is told, and not its client', async () => {
  const folder = scratchFolder()
  const [entry, exit] = [join(folder, 'entry'), join(folder, 'exit')]
  const target = await listenPlain(exit)
  const one = definition(`unix:${entry}`, `unix:${exit}`, 'client', { hostname: 'localhost' })
  const limits = { ...LIMITS, handshakeLimit: 1 }
  const { seen } = await start(one, objectsOf(makeX509Folder()), limits)
  const client = await connectPlain(entry)
  client.on('error', () => {}).write('x')
  ;(await target.next()).resume()
  await expect.poll(() => seen('refused')).toHaveLength(1)
  const message = `${exit}: TLS handshake failed: it was not done after 1 s`
  const diagnostics = [{ code: 'TLS_HANDSHAKE_TIMEOUT', message }]
  expect(seen('refused')).toMatchObject([{ diagnostics }])
})

describe('a guest that is passed on', () => {
  /** migration/migration.h: MIG_RP_MSG_SHUT and its status, 0 where the destination has the guest. */
  const shut = (status: number) => Buffer.from([0, 1, 0, 4, 0, 0, 0, status])
  const WHOLE = bytesOf(HEADER, command(1), EOF)

  const passed = (saidNothing = false) => {
    const fars: ReturnType<typeof duplexPair>[1][] = []
    const opened: ReturnType<typeof duplexPair>[0][] = []
    const events: ConnectionEvent[] = []
    let timesBegun = 0
    const openFar = async () => {
      const [stream, far] = duplexPair()
      fars.push(far.on('error', () => {}).resume())
      opened.push(stream)
      return { stream, socket: stream, saidNothing: () => saidNothing }
    }
    const relay = new GuestRelay({
      sides: { to: 'there', secureNear: async ({ socket }) => socket, openFar },
      ...{ tell: () => {}, onBegun: () => void timesBegun++ },
    })
    const begin = (bytes: Buffer) => {
      const [near, socket] = duplexPair()
      near.on('error', () => {}).resume()
      const origin = { connection: 1, from: 'unix' }
      const limits = { handshakeLimit: 0, idleLimit: 0, letIn: async () => {} }
      const context = { ...limits, tell: (event: ConnectionEvent) => void events.push(event) }
      const over = new EndpointConnection(socket, origin, context, relay.handle(origin)).run()
      near.write(bytes)
      return { near, socket, over }
    }
    const reached = async (bytes: Buffer) => {
      const begun = begin(bytes)
      await expect.poll(() => relay.bytes).toBe(bytes.length)
      const [far, stream] = [fars.at(-1), opened.at(-1)] as [(typeof fars)[0], (typeof opened)[0]]
      return { ...begun, far, stream }
    }
    return { relay, begin, reached, fars, events, timesBegun: () => timesBegun }
  }

  test.each<[string, Buffer, number | undefined, string | undefined]>([
    ['whole, and no answer', WHOLE, undefined, undefined],
    ['whole, and taken', WHOLE, 0, undefined],
    ['whole, and not taken', WHOLE, 1, 'RELAY_GUEST_REFUSED'],
    ['cut', WHOLE.subarray(0, -1), undefined, 'RELAY_GUEST_CUT'],
    ['no stream', Buffer.from('GET / HTTP/1.0'), undefined, 'RELAY_GUEST_CUT'],
  ])('is %s', async (_, bytes, status, code) => {
    const { relay, reached } = passed()
    const { near, far } = await reached(bytes)
    far.end(status === undefined ? undefined : shut(status))
    near.end()
    if (code === undefined) await relay.outcome
    else await expect(relay.outcome).rejects.toThrow(refusal(code))
  })

  test('begins with its first channel', async () => {
    const { reached, begin, fars, timesBegun } = passed()
    expect(timesBegun()).toBe(0)
    await reached(bytesOf(HEADER))
    begin(bytesOf(HEADER))
    await expect.poll(() => fars.length).toBe(2)
    expect(timesBegun()).toBe(1)
  })

  test('is over when its connections are, and what breaks of them later is nothing', async () => {
    const { relay, reached } = passed()
    const { near, far, stream, over } = await reached(WHOLE)
    far.end()
    near.end()
    await Promise.all([relay.outcome, over])
    stream.emit('error', new Error('late'))
  })

  test('is gone where it was taken, however its connections end', async () => {
    const { relay, reached } = passed()
    const { near, far } = await reached(WHOLE)
    const answered = new Promise((resolve) => near.once('data', resolve))
    far.write(shut(0))
    await answered
    far.destroy(new Error('gone'))
    near.destroy()
    await relay.outcome
  })

  test('is refused by a server that ends without a byte before the guest has ended', async () => {
    const refused = passed(true)
    const { far, over } = await refused.reached(bytesOf(HEADER))
    far.end()
    await over
    expect(refused.events.at(-1)).toMatchObject({ diagnostics: [{ code: 'RELAY_NOT_ANSWERED' }] })
    for (const saidNothing of [true, false]) {
      const { reached, events } = passed(saidNothing)
      const taken = await reached(bytesOf(HEADER))
      const ends = [taken.near, taken.far]
      for (const end of saidNothing ? ends : ends.reverse()) {
        end.end()
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      }
      await taken.over
      expect(events.at(-1)).toMatchObject({ event: 'left' })
    }
  })

  const RESET = Object.assign(new Error('reset'), { code: 'ECONNRESET' })

  test.each<['client' | 'destination', Error | undefined, string]>([
    ['client', undefined, 'ENDPOINT_CLIENT_LOST'],
    ['client', RESET, 'ENDPOINT_CLIENT_LOST'],
    ['destination', undefined, 'RELAY_NOT_ANSWERED'],
    ['destination', RESET, 'RELAY_NOT_ANSWERED'],
  ])('is lost with the connection of its %s (%s)', async (whose, error, code) => {
    const { reached, events } = passed()
    const { socket, stream, over } = await reached(bytesOf(HEADER))
    const lost = whose === 'client' ? socket : stream
    lost.destroy(error)
    await over
    expect(events.at(-1)).toMatchObject({ diagnostics: [{ code }] })
  })

  test('is lost with the connection of a client that breaks when the destination has said all', async () => {
    const { reached, events } = passed()
    const { socket, stream, far, over } = await reached(bytesOf(HEADER))
    far.end()
    await expect.poll(() => stream.readableEnded).toBe(true)
    socket.destroy(RESET)
    await over
    expect(events.at(-1)).toMatchObject({ diagnostics: [{ code: 'ENDPOINT_CLIENT_LOST' }] })
  })

  test('is cancelled with all that comes later, but not once it is whole', async () => {
    const { relay, reached, begin, fars, events } = passed()
    const { over } = await reached(bytesOf(HEADER))
    relay.cancel()
    await expect(relay.outcome).rejects.toThrow(refusal('RELAY_GUEST_CANCELLED'))
    await over
    // The destination has nothing to do with it.
    expect(events.at(-1)).toMatchObject({ diagnostics: [{ code: 'ENDPOINT_CLIENT_LOST' }] })
    await begin(bytesOf(HEADER)).over
    expect(fars).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ diagnostics: [{ code: 'RELAY_GUEST_CANCELLED' }] })
    const other = passed()
    const { near, far } = await other.reached(WHOLE)
    other.relay.cancel()
    far.end()
    near.end()
    await other.relay.outcome
  })
})

describe('sides', () => {
  const sides =
    (credentials: string | undefined, to: string, more = {}) =>
    () =>
      findSides(objectsOf(makeX509Folder()), {
        ...{ what: 'a relay', to: parseMigrationUri(to), credentials },
        ...{ isOrdered: true, handshakeLimit: 0, ...more },
      })

  test('have TLS where the credentials say', () => {
    expect(sides('client', 'tcp:h:1')()).toMatchObject({ tls: 'to', to: 'h:1' })
    expect(sides('server', 'unix:/a', { authorization: 'who' })()).toMatchObject({
      tls: 'listen',
      to: '/a',
    })
    expect(sides('client', 'unix:/a', { hostname: 'h' })()).toMatchObject({ tls: 'to' })
  })

  test.each<[string, string | undefined, string, object, string]>([
    ['without credentials', undefined, 'tcp:h:1', {}, 'RELAY_NO_CREDENTIALS'],
    ['with a name of clients', 'server', 'tcp:h:1', { hostname: 'h' }, 'RELAY_WRONG_SIDE'],
    ['with rules about servers', 'client', 'tcp:h:1', { authorization: 'who' }, 'RELAY_WRONG_SIDE'],
    ['to a command', 'client', 'exec:cat', { hostname: 'h' }, 'MIGRATION_URI_UNUSABLE'],
    ['to no host', 'client', 'tcp::1', { hostname: 'h' }, 'MIGRATION_URI_UNUSABLE'],
    ['to no port', 'server', 'tcp:h:0', {}, 'MIGRATION_URI_UNUSABLE'],
    ['to no name', 'client', 'unix:/a', {}, 'MIGRATION_HOSTNAME_MISSING'],
    ['with other credentials', 'other', 'tcp:h:1', {}, 'OBJECT_NOT_FOUND'],
  ])('%s are refused', (_, credentials, to, more, code) => {
    expect(sides(credentials, to, more)).toThrow(refusal(code))
  })

  test.each<[string, string, string, string | undefined]>([
    ['listen', '0.0.0.0:1', 'tcp:192.0.2.1:5', 'RELAY_CLEAR_TARGET'],
    ['listen', '0.0.0.0:1', 'tcp:127.0.0.1:5', undefined],
    ['listen', '0.0.0.0:1', 'tcp:localhost:5', undefined],
    ['listen', '0.0.0.0:1', 'unix:/a', undefined],
    ['to', '0.0.0.0:1', 'tcp:h:5', 'ENDPOINT_CLEAR_TEXT'],
    ['to', '127.0.0.1:1', 'tcp:h:5', undefined],
    ['to', '/run/a', 'tcp:h:5', undefined],
  ])('with TLS at %s, from %s to %s: %s', (tls, place, to, code) => {
    const one = tls === 'to' ? sides('client', 'tcp:h:1')() : sides('server', 'unix:/a')()
    const warnings = clearTextWarnings(place, parseMigrationUri(to), one)
    expect(warnings.map((warning) => warning.code)).toEqual(code === undefined ? [] : [code])
  })
})

describe('a map', () => {
  const parse = (text: string) => parseRelayMap({ name: 'map', text })

  test('has a relay for each guest', () => {
    const text = `- id: web1
  listen: unix:/run/a
  to: tcp:h:1
  tls-creds: client
  tls-hostname: h2
  socket-mode: "0660"
  socket-owner: root
- {id: disk1, listen: 'tcp::2', to: 'unix:/run/b', tls-creds: server, tls-authz: who, nbd: true}
`
    expect(parse(text)).toEqual([
      {
        ...{ id: 'web1', listen: { kind: 'unix', path: '/run/a' }, credentials: 'client' },
        ...{ to: { kind: 'tcp', host: 'h', port: 1 }, hostname: 'h2', isNbd: false },
        socket: { mode: 0o660, owner: 'root' },
      },
      {
        ...{ id: 'disk1', listen: { kind: 'tcp', host: '', port: 2 }, credentials: 'server' },
        ...{ to: { kind: 'unix', path: '/run/b' }, authorization: 'who', isNbd: true },
        socket: { mode: undefined, owner: undefined },
      },
    ])
  })

  test.each<[string, string, string]>([
    ['nothing', '[]', 'RELAY_MAP_EMPTY'],
    [
      'an id twice',
      "[{id: a, listen: 'tcp::1', to: 'unix:/a'}, {id: a, listen: 'tcp::2', to: 'unix:/a'}]",
      'RELAY_MAP_REPEATED',
    ],
    [
      'a place twice',
      "[{id: a, listen: 'tcp::1', to: 'unix:/a'}, {id: b, listen: 'tcp::1', to: 'unix:/a'}]",
      'RELAY_MAP_REPEATED',
    ],
    ['no place', '[{id: a, to: "unix:/a"}]', 'OBJECT_MISSING_PROPERTY'],
    ['what is no place', '[{id: a, listen: "foo:1", to: "unix:/a"}]', 'MIGRATION_URI_INVALID'],
    [
      'what is no mode',
      "[{id: a, listen: 'unix:/b', to: 'unix:/a', socket-mode: rw}]",
      'OBJECT_WRONG_VALUE',
    ],
  ])('with %s is refused', (_, text, code) => {
    expect(() => parse(text)).toThrow(refusal(code))
  })
})

describe('events', () => {
  const origin = { connection: 3, from: '192.0.2.7:5' }
  const tls = {
    protocol: 'TLSv1.3',
    suite: 'TLS_AES_128_GCM_SHA256',
    peer: { kind: 'anonymous' },
  } as never

  test.each<[RelayEvent, string]>([
    [
      { ...origin, event: 'reached', to: '/run/a', relay: 'web1' },
      'web1 #3 192.0.2.7:5: reached /run/a',
    ],
    [
      { ...origin, event: 'relayed', sent: 5, received: 6 },
      '#3 192.0.2.7:5: relayed 5 bytes there, 6 back',
    ],
    [{ ...origin, event: 'connected' }, '#3 192.0.2.7:5: connected'],
  ])('%j as a line', (event, line) => {
    expect(printRelayEvent(event)).toBe(line)
    const json = JSON.parse(relayEventToJson(event, new Date(0)))
    expect(json).toMatchObject({
      time: '1970-01-01T00:00:00.000Z',
      event: event.event,
      connection: 3,
    })
  })

  test('a side with TLS is told with its session', () => {
    const event: RelayEvent = { ...origin, event: 'reached', to: 'h:1', tls }
    expect(printRelayEvent(event)).toMatch(/^#3 192.0.2.7:5: reached h:1, secured .*TLSv1.3/)
    expect(JSON.parse(relayEventToJson(event, new Date(0)))).toMatchObject({
      to: 'h:1',
      tls: { protocol: 'TLSv1.3' },
    })
  })
})
