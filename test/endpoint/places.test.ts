/** Who is let in, who gives way, and what is counted and told of those who connect; in process. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { duplexPair } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { diagnose } from '../../src/diagnostics/diagnostic.ts'
import { BytePump } from '../../src/endpoint/byte-pump.ts'
import { Completions } from '../../src/endpoint/completions.ts'
import { EndpointConnection } from '../../src/endpoint/connection.ts'
import { type ConnectionEvent, hostOf } from '../../src/endpoint/connection-event.ts'
import { roomForServed } from '../../src/endpoint/descriptor-shares.ts'
import { ENDPOINT_KINDS } from '../../src/endpoint/endpoint-diagnostics.ts'
import {
  connectionEventToJson,
  describeConnectionEvent,
  describeSession,
  printEventLine,
  tlsFactsToJson,
} from '../../src/endpoint/event-report.ts'
import { Listener } from '../../src/endpoint/listener.ts'
import { listenAtPorts, listenOptionsOfPorts } from '../../src/endpoint/listening-ports.ts'
import { Newcomers } from '../../src/endpoint/newcomers.ts'
import { Places } from '../../src/endpoint/places.ts'
import { findSecurity, NO_TLS, requireTlsFor } from '../../src/endpoint/security.ts'
import { Traffic } from '../../src/endpoint/traffic.ts'
import { descriptorRoom } from '../../src/files/descriptors.ts'
import { ConnectionEnded } from '../../src/net/byte-channel.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { eventually } from '../nbd/server/test-server.ts'

/** A connection that does nothing, and what is told of it. */
function connection(from = '192.0.2.1:1', number = 1) {
  const [ours, socket] = duplexPair()
  onTestFinished(() => void ours.destroy())
  const events: ConnectionEvent[] = []
  const one = new EndpointConnection(
    socket,
    { connection: number, from },
    {
      ...{ handshakeLimit: 0, idleLimit: 0 },
      tell: (event) => events.push(event),
      letIn: async () => {},
    },
    {
      run: () =>
        new Promise((_, reject) =>
          socket.once('close', () => reject(new ConnectionEnded(undefined))),
        ),
      drain: () => false,
      wasUsed: false,
    },
  )
  return { one, socket, events, over: one.run() }
}

describe('clients that were not let in yet', () => {
  test('have room up to their limit', () => {
    const newcomers = new Newcomers(2)
    const [first, second] = [connection(), connection()]
    newcomers.add(first.one)
    expect(newcomers.hasRoom).toBe(true)
    newcomers.add(second.one)
    expect(newcomers.hasRoom).toBe(false)
    newcomers.remove(first.one)
    expect(newcomers.hasRoom).toBe(true)
  })

  test('of the host that has most, the oldest gives way', async () => {
    const newcomers = new Newcomers(9)
    const all = [
      connection('192.0.2.1:1'),
      connection('192.0.2.2:1'),
      connection('192.0.2.2:2'),
      connection('[2001:db8::1]:1'),
    ]
    for (const { one } of all) newcomers.add(one)
    const cut = () => all.map(({ socket }) => socket.destroyed)
    expect(newcomers.displaceOne()).toBe(true)
    expect(cut()).toEqual([false, true, false, false])
    // Each host has one now: that of the host which came first.
    expect(newcomers.displaceOne()).toBe(true)
    expect(cut()).toEqual([true, true, false, false])
    await all[1]?.over
    expect(all[1]?.events.at(-1)).toMatchObject({ diagnostics: [{ code: 'ENDPOINT_GAVE_WAY' }] })
  })

  test('that have not been there for long do not give way', () => {
    const newcomers = new Newcomers(9)
    expect(newcomers.displaceOne()).toBe(false)
    const { one, socket } = connection()
    newcomers.add(one)
    expect(newcomers.displaceOne(3_600_000)).toBe(false)
    // The age counts from when it came, and not from when the process began.
    expect(newcomers.displaceOne(1.5 * performance.now())).toBe(false)
    expect(socket.destroyed).toBe(false)
    expect(newcomers.displaceOne(0)).toBe(true)
    expect(newcomers.displaceOne(0)).toBe(false)
  })

  test('are of one host, whatever their ports', () => {
    const host = (from: string) => hostOf({ connection: 1, from })
    expect([host('192.0.2.1:50123'), host('[2001:db8::1]:7'), host('unix')]).toEqual([
      ...['192.0.2.1', '[2001:db8::1]', 'unix'],
    ])
  })
})

describe('places of clients that are served', () => {
  test('are taken in the order in which clients came', async () => {
    const places = new Places(1, () => true)
    const [first, second, third] = [connection().one, connection().one, connection().one]
    await places.take(first)
    expect([places.areTaken, places.count]).toEqual([true, 1])
    const order: number[] = []
    const waits = [second, third].map((one, index) =>
      places.take(one).then(() => order.push(index + 2)),
    )
    places.leave(first)
    await waits[0]
    expect([order, places.count]).toEqual([[2], 1])
    places.leave(second)
    await waits[1]
    expect([order, places.count]).toEqual([[2, 3], 1])
    places.leave(third)
    expect([places.areTaken, places.count]).toEqual([false, 0])
  })

  test('a client that leaves while it waits is told so, and takes none', async () => {
    const places = new Places(1, () => true)
    const [first, second] = [connection().one, connection().one]
    await places.take(first)
    const taken = places.take(second)
    places.leave(second)
    await expect(taken).rejects.toThrow(ConnectionEnded)
    places.leave(first)
    expect(places.count).toBe(0)
  })

  test('a client whose connection is closed needs none', async () => {
    const places = new Places(1, () => true)
    const { one, socket } = connection()
    socket.destroy()
    await places.take(one)
    expect(places.count).toBe(0)
  })

  test('one is served although others take all descriptors', async () => {
    let hasShare = false
    const places = new Places(9, () => hasShare)
    expect(places.areTaken).toBe(false)
    await places.take(connection().one)
    expect(places.areTaken).toBe(true)
    const taken = places.take(connection().one)
    hasShare = true
    places.resume()
    await taken
    expect([places.count, places.areTaken]).toEqual([2, false])
  })
})

test('clients for whom the line is too long are sent away, each told with its own number', async () => {
  const events: ConnectionEvent[] = []
  const listener = new Listener({
    connectionLimit: 1,
    handshakeLimit: 0,
    handle: () => ({
      run: async (connection) => {
        await connection.letIn()
        await once(connection.socket, 'close')
        return 'closed'
      },
      drain: () => false,
      wasUsed: false,
    }),
    onEvent: (event) => void events.push(event),
  })
  onTestFinished(() => listener.drain(0))
  const { port } = (await listener.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo
  const enter = async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    return `127.0.0.1:${socket.localPort}`
  }
  await enter()
  await eventually(() => listener.servedCount === 1)
  // What strangers may take is never for clients that were let in.
  expect(descriptorRoom() - roomForServed()).toBeGreaterThan(128)
  for (let count = 0; count < 128; count++) await enter()
  const tooMany = [await enter(), await enter()]
  await eventually(() => events.length >= 3)
  expect(events.slice(1)).toMatchObject(
    tooMany.map((from, index) => ({
      ...{ event: 'refused', connection: index + 2, from },
      diagnostics: [{ code: 'ENDPOINT_TOO_MANY_WAITING' }],
    })),
  )
})

describe('what is counted', () => {
  test('are connections and their bytes, while they are open and afterwards', async () => {
    const traffic = new Traffic()
    const [, open] = duplexPair()
    const [, other] = duplexPair()
    Object.assign(open, { bytesRead: 3, bytesWritten: 5 })
    traffic.add(open)
    traffic.add(other)
    expect([traffic.open, traffic.accepted, traffic.received, traffic.sent]).toEqual([2, 2, 3, 5])
    Object.assign(open, { bytesRead: 30, bytesWritten: 50 })
    for (const socket of [open, other]) {
      socket.destroy()
      await new Promise((resolve) => socket.once('close', resolve))
    }
    Object.assign(open, { bytesRead: 300, bytesWritten: 500 })
    expect([traffic.open, traffic.accepted, traffic.received, traffic.sent]).toEqual([0, 2, 30, 50])
  })
})

describe('what is told', () => {
  const ORIGIN = { connection: 3, from: '192.0.2.7:50123' }
  const facts = { protocol: 'TLSv1.3', suite: 'TLS_AES_256_GCM_SHA384', group: 'x25519' }
  const secured = (peer: object, group: string | undefined = 'x25519') =>
    ({ ...ORIGIN, event: 'secured', ...facts, group, peer }) as ConnectionEvent
  const diagnostics = [
    diagnose(ENDPOINT_KINDS.idle, { seconds: 2 }),
    diagnose(ENDPOINT_KINDS.brokenProtocol, { what: 'nothing' }),
  ]

  test('is a line for people', () => {
    const LINES: readonly (readonly [ConnectionEvent, string])[] = [
      [{ ...ORIGIN, event: 'connected' }, 'connected'],
      [{ ...ORIGIN, event: 'left', ending: 'done' }, 'left (done)'],
      [
        { ...ORIGIN, event: 'refused', diagnostics },
        'ended: nothing was sent or taken for 2 s [ENDPOINT_IDLE] (see --idle-limit); the client broke the protocol: it sent nothing [ENDPOINT_CLIENT_BROKE_PROTOCOL]',
      ],
      [
        secured({ distinguishedName: 'CN=a' }),
        'secured by TLSv1.3 TLS_AES_256_GCM_SHA384 x25519, certificate "CN=a"',
      ],
      [
        { ...secured({ username: 'u' }), group: undefined } as ConnectionEvent,
        'secured by TLSv1.3 TLS_AES_256_GCM_SHA384, shared key of "u"',
      ],
      [secured({}), 'secured by TLSv1.3 TLS_AES_256_GCM_SHA384 x25519, client not verified'],
    ]
    for (const [event, line] of LINES) expect(describeConnectionEvent(event)).toBe(line)
    expect(describeSession({ ...facts, peer: {} }, 'nobody')).toMatch(/, nobody$/)
    expect(printEventLine(ORIGIN, 'a\u001b[31mb')).not.toContain('\u001b')
    expect(printEventLine(ORIGIN, 'text')).toBe('#3 192.0.2.7:50123: text')
  })

  test('is data for programs', () => {
    expect(connectionEventToJson({ ...ORIGIN, event: 'connected' })).toEqual({
      ...{ ...ORIGIN, event: 'connected' },
    })
    expect(connectionEventToJson(secured({ username: 'u' }))).toEqual({
      ...{ ...ORIGIN, event: 'secured', ...facts, peer: { username: 'u' } },
    })
    expect(
      connectionEventToJson({ ...ORIGIN, event: 'refused', diagnostics: diagnostics.slice(0, 1) }),
    ).toMatchObject({ event: 'refused', diagnostics: [{ code: 'ENDPOINT_IDLE' }] })
    const certificate = {
      ...{ issuer: 'CN=ca', publicKeyHash: 'h', alternativeNames: ['DNS:a'] },
      x509: { serialNumber: '01', fingerprint256: 'AA' },
    }
    expect(
      tlsFactsToJson({ ...facts, peer: { distinguishedName: 'CN=a', certificate } as never }),
    ).toEqual({
      ...facts,
      peer: {
        ...{ distinguishedName: 'CN=a', issuer: 'CN=ca', serialNumber: '01' },
        ...{ fingerprint256: 'AA', publicKeyHash: 'h', alternativeNames: ['DNS:a'] },
      },
    })
  })
})

describe('why nothing can listen', () => {
  const told = (code: string, more: object = {}) => {
    const error = Object.assign(new Error('x'), { code, ...more })
    return diagnose(ENDPOINT_KINDS.cannotListen, { address: '127.0.0.1:1', error })
  }

  test('is told with what to do', () => {
    expect(told('EADDRINUSE').hint).toMatch(/^stop what listens there/)
    expect(told('EMFILE').hint).toMatch(/ulimit -n/)
    expect(told('EACCES').message).toMatch(/^cannot listen at 127\.0\.0\.1:1: /)
    const hints = [1, 1023, 1024, -1].map((port) => told('EACCES', { port }).hint)
    const reserved = expect.stringMatching(/^ports below 1024 are for root/)
    expect(hints).toEqual([reserved, reserved, told('EACCES').hint, told('EACCES').hint])
    expect(told('EACCES').hint).not.toEqual(reserved)
  })
})

describe('ports', () => {
  test('are tried up to the last, on the addresses of a family', () => {
    expect(listenOptionsOfPorts({ host: 'h', port: 5, lastPort: 7 })).toEqual([
      { host: 'h', port: 5 },
      { host: 'h', port: 6 },
      { host: 'h', port: 7 },
    ])
    expect(listenOptionsOfPorts({ host: '', port: 5 })).toEqual([{ port: 5 }])
    expect(listenOptionsOfPorts({ host: '', port: 5, lastPort: 4 })).toEqual([{ port: 5 }])
    expect(listenOptionsOfPorts({ host: '', port: 5, family: 4 })).toEqual([
      { host: '0.0.0.0', ipv6Only: true, port: 5 },
    ])
    expect(listenOptionsOfPorts({ host: '', port: 5, family: 6 })).toEqual([
      { host: '::', ipv6Only: true, port: 5 },
    ])
    expect(listenOptionsOfPorts({ host: '::1', port: 5, family: 6 })).toEqual([
      { host: '::1', port: 5 },
    ])
  })

  test('the first that is free is taken, and none beyond the last', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void blocker.close())
    await new Promise((resolve) => blocker.once('listening', resolve))
    const { port } = blocker.address() as { readonly port: number }
    const listener = new Listener({
      handle: () => ({ run: async () => 'done', drain: () => false, wasUsed: false }),
    })
    onTestFinished(() => listener.drain(0))
    const host = '127.0.0.1'
    const refused = listenAtPorts(listener, { host, port })
    await expect(refused).rejects.toThrow('cannot listen at')
    await expect(listenAtPorts(listener, { host, port, lastPort: port })).rejects.toThrow(
      'cannot listen at',
    )
    const place = await listenAtPorts(listener, {
      host,
      port,
      lastPort: Math.min(port + 50, 65_535),
    })
    expect(place).toMatchObject({ address: host })
    expect((place as { readonly port: number }).port).toBeGreaterThan(port)
  })
})

describe('how an endpoint is secured', () => {
  const objects = () => {
    const all = TlsObjects.create([
      { type: 'tls-creds-anon', id: 'tls0', properties: { endpoint: 'server' } },
      { type: 'authz-simple', id: 'auth0', properties: { identity: 'CN=a' } },
    ])
    onTestFinished(() => all.close())
    return all
  }
  const find = (options: object) => findSecurity(objects(), { handshakeLimit: 0, ...options })

  test('is in clear without credentials, and where TLS is off', async () => {
    expect(find({})).toBe(NO_TLS)
    expect(find({ mode: 'required' })).toBe(NO_TLS)
    expect(find({ mode: 'off', credentials: 'tls0' })).toBe(NO_TLS)
    expect(NO_TLS.tlsMode).toBe('off')
    await expect(NO_TLS.secure(duplexPair()[0])).rejects.toThrow('there is no TLS')
  })

  test('requires TLS where there are credentials, unless that is said otherwise', () => {
    expect(find({ credentials: 'tls0' }).tlsMode).toBe('required')
    expect(find({ credentials: 'tls0', mode: 'optional' }).tlsMode).toBe('optional')
  })

  test('an authorization without TLS is refused', () => {
    const code = (options: object) => {
      try {
        find(options)
        return 'taken'
      } catch (error) {
        return (error as { diagnostics: readonly { code: string }[] }).diagnostics[0]?.code
      }
    }
    expect(code({ authorization: 'auth0' })).toBe('ENDPOINT_AUTHZ_WITHOUT_TLS')
    expect(code({ credentials: 'nosuch' })).toBe('OBJECT_NOT_FOUND')
    expect(code({ credentials: 'auth0' })).toBe('OBJECT_WRONG_TYPE')
    expect(code({ credentials: 'tls0', authorization: 'nosuch' })).toBe('OBJECT_NOT_FOUND')
    expect(() => requireTlsFor({ authorization: 'a', credentials: 'b' })).not.toThrow()
    expect(() => requireTlsFor({})).not.toThrow()
  })

  test('its objects are in use until it has ended', () => {
    const all = objects()
    const turned = { type: 'tls-creds-anon', id: 'tls0', properties: { endpoint: 'client' } }
    const { release } = findSecurity(all, { credentials: 'tls0', handshakeLimit: 1 })
    expect(() => all.redefine(turned)).toThrow('in use')
    release?.()
    expect(() => all.redefine(turned)).not.toThrow()
  })
})

describe('work that is finished later', () => {
  test('ends the connection that owns it where it fails, and no other', async () => {
    const failures: unknown[] = []
    const completions = new Completions((error) => failures.push(error))
    completions.own(Promise.resolve())
    completions.run(() => {})
    completions.run(() => {
      throw new Error('one')
    })
    completions.own(Promise.reject(new Error('two')))
    await new Promise((resolve) => setImmediate(resolve))
    expect(failures).toMatchObject([{ message: 'one' }, { message: 'two' }])
  })
})

describe('a pump', () => {
  function pump(watch?: (bytes: Buffer) => void) {
    const [source, from] = duplexPair()
    const [to, sink] = duplexPair()
    onTestFinished(() => {
      for (const end of [source, sink]) end.destroy()
    })
    let counted = 0
    const one = new BytePump({
      ...{ from, to, watch },
      count: (bytes) => {
        counted += bytes
      },
    })
    return { source, from, to, sink, one, counted: () => counted }
  }

  async function readAll(sink: NodeJS.ReadableStream): Promise<Buffer> {
    const parts: Buffer[] = []
    for await (const part of sink) parts.push(part as Buffer)
    return Buffer.concat(parts)
  }

  test('carries all bytes and the end behind them, more than one piece of them', async () => {
    const seen: number[] = []
    const { source, sink, one, counted } = pump((bytes) => void seen.push(bytes.length))
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251))
    const carried = one.run()
    source.end(bytes)
    expect((await readAll(sink)).equals(bytes)).toBe(true)
    await carried
    expect(counted()).toBe(bytes.length)
    expect(seen.reduce((all, one) => all + one, 0)).toBe(bytes.length)
  })

  test('begins with a connection that was not read before', async () => {
    const { source, from, sink, one } = pump()
    from.pause()
    const carried = one.run()
    source.end('abc')
    expect(String(await readAll(sink))).toBe('abc')
    await carried
  })

  test('passes on an end that came before it began', async () => {
    const { source, from, sink, one } = pump()
    source.end()
    from.resume()
    await new Promise((resolve) => from.once('end', resolve))
    const carried = one.run()
    expect(await readAll(sink)).toHaveLength(0)
    await carried
  })

  test('fails where either side is gone', async () => {
    for (const side of ['from', 'to'] as const) {
      const early = pump()
      early[side].destroy()
      await expect(early.one.run()).rejects.toThrow(ConnectionEnded)
      const late = pump()
      const carried = late.one.run()
      late[side].destroy()
      await expect(carried).rejects.toThrow(ConnectionEnded)
      const broken = pump()
      const failed = broken.one.run()
      broken[side].destroy(new Error('cable'))
      await expect(failed).rejects.toThrow('cable')
    }
  })

  test('reads no more than half a MiB that is not taken, and goes on when it is', async () => {
    const { source, from, sink, one, counted } = pump()
    const carried = one.run()
    const bytes = Buffer.from(Array.from({ length: 16_384 }, (_, at) => at % 251))
    for (let count = 0; count < 128; count++) source.write(bytes)
    source.end()
    await eventually(() => from.isPaused())
    for (let count = 0; count < 20; count++) await new Promise((resolve) => setImmediate(resolve))
    expect(counted()).toBeGreaterThanOrEqual(524_288)
    expect(counted()).toBeLessThanOrEqual(524_288 + 131_072)
    const all = await readAll(sink)
    await carried
    expect(all.equals(Buffer.concat(Array(128).fill(bytes)))).toBe(true)
    expect(counted()).toBe(all.length)
  })

  test('that is stopped writes nothing to a side that takes no more', async () => {
    const { source, to, sink, one } = pump(() =>
      queueMicrotask(() => {
        to.end()
        one.stop()
      }),
    )
    const errors: unknown[] = []
    to.on('error', (error) => errors.push(error))
    const carried = one.run()
    source.write('abc')
    await carried
    for (let count = 0; count < 3; count++) await new Promise((resolve) => setImmediate(resolve))
    expect(errors).toEqual([])
    expect(await readAll(sink)).toHaveLength(0)
  })

  test('that is stopped writes what it has read, and reads no more', async () => {
    const { source, from, sink, one, counted } = pump()
    const carried = one.run()
    source.write('abc')
    while (counted() < 3) await new Promise((resolve) => setImmediate(resolve))
    one.stop()
    await carried
    const bytes = await new Promise((resolve) => sink.once('data', resolve))
    expect(String(bytes)).toBe('abc')
    expect(from.isPaused()).toBe(true)
  })
})
