/** Sides of a relay within the process of the test: what a client says first, and where it is led to. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { EndpointConnection } from '../../../src/endpoint/connection.ts'
import { findSecurity } from '../../../src/endpoint/security.ts'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { firstBytes } from '../../../src/migration/relay/first-bytes.ts'
import { findSides, joinSides } from '../../../src/migration/relay/relay-sides.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { objectsOf } from '../../tls/objects/meeting.ts'

/** Timers of a second and more; what is read and written goes on. */
function holdClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
}

async function listening(server: Server): Promise<string> {
  const path = join(scratchFolder(), 'there')
  server.listen(path)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return path
}

describe('what a client says first', () => {
  const waitFor = () => {
    const [client, near] = duplexPair()
    let outcome = 'waits'
    const over = firstBytes(near).then(
      () => {
        outcome = 'goes on'
      },
      (error) => {
        outcome = error.diagnostics[0].code
      },
    )
    return { client, near, over, outcome: () => outcome }
  }

  test('is waited for, and is not read', async () => {
    const { client, near, over, outcome } = waitFor()
    await new Promise(setImmediate)
    expect(outcome()).toBe('waits')
    client.write('memory')
    await over
    expect([outcome(), String(near.read())]).toEqual(['goes on', 'memory'])
  })

  test('may be all that it says', async () => {
    const { client, over, outcome } = waitFor()
    client.end('memory')
    await over
    expect(outcome()).toBe('goes on')
  })

  test('may be nothing for a second, which the channel for urgent pages does', async () => {
    holdClock()
    const { over, outcome } = waitFor()
    vi.advanceTimersByTime(999)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    expect(outcome()).toBe('waits')
    vi.advanceTimersByTime(1)
    await over
    expect(outcome()).toBe('goes on')
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each<[string, (client: Duplex, near: Duplex) => void, number]>([
    ['it ends first', (client) => void client.end(), 0],
    ['its connection breaks', (_, near) => void near.destroy(new Error('reset')), 0],
    // Nothing tells of it.
    ['its connection is closed here', (_, near) => void near.destroy(), 1_000],
  ])('is nothing where %s', async (_, end, time) => {
    holdClock()
    const { client, near, over, outcome } = waitFor()
    near.on('error', () => {})
    end(client, near)
    vi.advanceTimersByTime(time)
    await over
    expect(outcome()).toBe('RELAY_NOTHING_CAME')
    expect(vi.getTimerCount()).toBe(0)
    const [, closed] = duplexPair()
    await expect(firstBytes(closed.destroy())).rejects.toThrow(refusal('RELAY_NOTHING_CAME'))
  })
})

/** A connection that a relay has taken, and the client at its other end. */
function taken(handshakeLimit = 0) {
  const [client, socket] = duplexPair()
  const origin = { connection: 1, from: 'unix' }
  const limits = { handshakeLimit, idleLimit: 0, letIn: async () => {}, tell: () => {} }
  const handler = { run: async () => '', drain: () => false }
  onTestFinished(() => {
    client.destroy()
    socket.destroy()
  })
  return { client, connection: new EndpointConnection(socket, origin, limits, handler) }
}

const objects = (dir = makeX509Folder()) =>
  objectsOf(
    `tls-creds-x509,id=client,endpoint=client,dir=${dir}`,
    `tls-creds-x509,id=server,endpoint=server,dir=${dir}`,
    'authz-list,id=anyone,policy=allow',
  )

const never = new AbortController().signal

describe('sides that have TLS or none', () => {
  const joined = (to: string, id?: string, hostname?: string, near?: string, dir?: string) => {
    const all = objects(dir)
    return joinSides({
      security: findSecurity(all, { credentials: near, handshakeLimit: 0 }),
      ...{ to: parseMigrationUri(to), hostname, handshakeLimit: 0 },
      credentials: id === undefined ? undefined : all.credentials(id, 'client'),
    })
  }

  test('in clear are the connections themselves', async () => {
    const server = createServer((socket) => void socket.end('there'))
    const path = await listening(server)
    const sides = joined(`unix:${path}`)
    expect(sides.to).toBe(path)
    const { connection } = taken()
    expect(await sides.secureNear(connection)).toBe(connection.socket)
    const { stream, socket, tls, saidNothing } = await sides.openFar(connection.socket, never)
    expect([stream === socket, tls, saidNothing]).toEqual([true, undefined, undefined])
    expect(String(Buffer.concat(await stream.toArray()))).toBe('there')
  })

  test('need a name where TLS goes on to a Unix socket', () => {
    expect(() => joined('unix:/a', 'client')).toThrow(refusal('MIGRATION_HOSTNAME_MISSING'))
    expect(joined('unix:/a', 'client', 'localhost').to).toBe('/a')
  })

  test('let a client in by TLS where they have credentials for it', async () => {
    const dir = makeX509Folder()
    const sides = joined('unix:/a', undefined, undefined, 'server', dir)
    const connect = (all: ReturnType<typeof objects>) => {
      const { connection, client } = taken()
      const session = all.credentials('client', 'client').connect(client, { hostname: 'localhost' })
      return Promise.all([sides.secureNear(connection), session])
    }
    const [near, { socket }] = await connect(objects(dir))
    socket.write('memory')
    expect(String((await once(near, 'data'))[0])).toBe('memory')
    const ofAnotherAuthority = objects()
    await expect(connect(ofAnotherAuthority)).rejects.toThrow(/certificate|closed/)
  })
})

describe('a side onwards by TLS', () => {
  /** A server of Node.js with the certificate of a folder. */
  const serving = async (dir: string, behave: (socket: TLSSocket) => void) => {
    const read = (name: string) => readFileSync(join(dir, name))
    const server = createTlsServer({
      ...{ cert: read('server-cert.pem'), key: read('server-key.pem'), ca: read('ca-cert.pem') },
    })
    server.on('secureConnection', (socket) => {
      onTestFinished(() => void socket.destroy())
      behave(socket.on('error', () => {}))
    })
    return listening(server)
  }
  const openTo = (dir: string, path: string, handshakeLimit = 0, signal = never) => {
    const sides = findSides(objects(dir), {
      ...{ what: 'a relay', to: parseMigrationUri(`unix:${path}`), credentials: 'client' },
      ...{ hostname: 'localhost', isOrdered: true, handshakeLimit },
    })
    return sides.openFar(duplexPair()[0], signal)
  }

  test('tells its session, and whether the server has said anything in it', async () => {
    const dir = makeX509Folder()
    const sockets: TLSSocket[] = []
    const path = await serving(dir, (socket) => void sockets.push(socket))
    const { stream, socket, tls, saidNothing } = await openTo(dir, path)
    onTestFinished(() => void stream.destroy())
    expect(tls).toMatchObject({ protocol: expect.stringMatching(/^TLSv1\./) })
    expect(tls).not.toHaveProperty('socket')
    expect(stream).not.toBe(socket)
    await expect.poll(() => sockets.length).toBe(1)
    sockets[0]?.write('x')
    await once(stream, 'readable')
    expect(saidNothing?.()).toBe(false)
  })

  test('gives up a handshake with its signal, and has no limit of time unless one is set', async () => {
    const held: Socket[] = []
    const path = await listening(
      createServer((socket) => {
        held.push(socket.on('error', () => {}))
        socket.resume()
      }),
    )
    const work = new AbortController()
    holdClock()
    let isOver = false
    const opened = openTo(makeX509Folder(), path, 0, work.signal).finally(() => {
      isOver = true
    })
    opened.catch(() => {})
    while (held.length === 0) await new Promise(setImmediate)
    vi.advanceTimersByTime(3_600_000)
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(isOver).toBe(false)
    work.abort()
    // The server has not closed anything.
    await expect(opened).rejects.toThrow(refusal('NET_GIVEN_UP'))
    while (!held[0]?.closed) await new Promise(setImmediate)
  })

  test('gives up a handshake when its limit is over', async () => {
    const held: Socket[] = []
    const path = await listening(
      createServer((socket) => {
        held.push(socket.on('error', () => {}))
        socket.once('data', () => held.push(socket))
      }),
    )
    holdClock()
    const opened = openTo(makeX509Folder(), path, 5)
    opened.catch(() => {})
    while (held.length < 2) await new Promise(setImmediate)
    vi.advanceTimersByTime(5_000)
    await expect(opened).rejects.toThrow('it was not done after 5 s')
  })
})

describe('a side onwards in clear', () => {
  test.each([
    ['of a migration', true],
    ['of a disk', false],
  ])('%s waits for what its client says first: %s', async (_, isOrdered) => {
    let connections = 0
    const path = await listening(createServer(() => void connections++))
    const all = objects()
    const sides = findSides(all, {
      ...{ what: 'a relay', to: parseMigrationUri(`unix:${path}`), credentials: 'server' },
      ...{ isOrdered, handshakeLimit: 0, authorization: 'anyone' },
    })
    holdClock()
    const [client, near] = duplexPair()
    const far = sides.openFar(near, never)
    if (isOrdered) {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      expect(connections).toBe(0)
      client.write('x')
    }
    const { stream, socket } = await far
    expect(stream).toBe(socket)
    stream.destroy()
    for (const id of ['server', 'anyone']) {
      expect(() => all.remove(id)).toThrow(refusal('OBJECT_IN_USE'))
    }
    sides.release()
    for (const id of ['server', 'anyone']) all.remove(id)
  })
})
