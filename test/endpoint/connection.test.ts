/** One connection of an endpoint: what is told of it, its limits of time, and whose fault its end is. */
import { createServer, type Socket } from 'node:net'
import { Duplex, duplexPair } from 'node:stream'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { diagnose } from '../../src/diagnostics/diagnostic.ts'
import {
  type ConnectionContext,
  type ConnectionHandler,
  EndpointConnection,
} from '../../src/endpoint/connection.ts'
import type { ConnectionEvent } from '../../src/endpoint/connection-event.ts'
import { ENDPOINT_KINDS } from '../../src/endpoint/endpoint-diagnostics.ts'
import { ByteChannel, ConnectionEnded } from '../../src/net/byte-channel.ts'
import { ProtocolError } from '../../src/wire/protocol-error.ts'

const ORIGIN = { connection: 7, from: '192.0.2.1:50123' }

type Scene = Partial<ConnectionHandler> & Partial<Omit<ConnectionContext, 'tell' | 'letIn'>>

/** Serves one client by a handler, and tells what came of it. */
function serve(run: ConnectionHandler['run'], scene: Scene = {}) {
  const [client, socket] = duplexPair()
  onTestFinished(() => void client.destroy())
  const { handshakeLimit = 0, idleLimit = 0, ...handler } = scene
  const events: ConnectionEvent[] = []
  const connection = new EndpointConnection(
    socket,
    ORIGIN,
    {
      ...{ handshakeLimit, idleLimit },
      tell: (event) => events.push(event),
      letIn: async () => {},
    },
    { run, drain: () => false, wasUsed: false, ...handler },
  )
  return { client, socket, connection, events, done: connection.run() }
}

async function lastOf(run: ConnectionHandler['run'], scene: Scene = {}) {
  const { done, events } = serve(run, scene)
  await done
  expect(events[0]).toEqual({ ...ORIGIN, event: 'connected' })
  return events.slice(1).map((event) => {
    expect(event).toMatchObject(ORIGIN)
    return event.event === 'refused' ? event.diagnostics.map(({ code }) => code) : event
  })
}

const failing = (error: unknown) => async () => {
  throw error
}

test('a connection that ends in order is told with its ending', async () => {
  const left = { ...ORIGIN, event: 'left', ending: 'bye' }
  expect(await lastOf(async () => 'bye')).toEqual([left])
})

test('a client that was refused in the protocol of the endpoint is told as refused, once', async () => {
  const refusal = diagnose(ENDPOINT_KINDS.idle, { seconds: 1 })
  expect(await lastOf(async () => 'bye', { refusal })).toEqual([['ENDPOINT_IDLE']])
  const ended = failing(new ConnectionEnded(undefined))
  expect(await lastOf(ended, { refusal })).toEqual([['ENDPOINT_IDLE']])
})

describe('the fault is', () => {
  const system = (code: string) => Object.assign(new Error(code), { code })

  test.each([
    ['ECONNRESET', system('ECONNRESET')],
    ['EPIPE', new ConnectionEnded(system('EPIPE'))],
    ['a stream that was closed', new ConnectionEnded(system('ERR_STREAM_PREMATURE_CLOSE'))],
    ['an end', new ConnectionEnded(undefined)],
    [
      'a write behind the end',
      Object.assign(new TypeError('x'), { code: 'ERR_STREAM_WRITE_AFTER_END' }),
    ],
  ])('of the connection: %s', async (_, error) => {
    expect(await lastOf(failing(error))).toEqual([['ENDPOINT_CLIENT_LOST']])
  })

  test.each([
    ['TypeError', new TypeError('x is not a function')],
    ['RangeError', Object.assign(new RangeError('x'), { code: 'ERR_OUT_OF_RANGE' })],
    ['behind the end of a connection', new ConnectionEnded(new Error('no code'))],
  ])('of this program: %s', async (_, error) => {
    const { done, events, socket } = serve(failing(error))
    await done
    expect(events.at(-1)).toMatchObject({
      event: 'refused',
      diagnostics: [{ code: 'ENDPOINT_OWN_MISTAKE', severity: 'error' }],
    })
    expect(socket.destroyed).toBe(true)
  })

  test('of a client that breaks the protocol', async () => {
    const codes = await lastOf(failing(new ProtocolError('a wrong magic number')))
    expect(codes).toEqual([['ENDPOINT_CLIENT_BROKE_PROTOCOL']])
  })
})

describe('limits of time', () => {
  /** Waits for a byte, which no client sends. */
  const waiting = (stream: Duplex) => new ByteChannel(stream).read(1)

  test('a client that does not finish the negotiation is cut', async () => {
    const codes = await lastOf(
      async (connection) => {
        await connection.withinHandshakeLimit(() => waiting(connection.socket))
        return 'never'
      },
      { handshakeLimit: 0.01 },
    )
    expect(codes).toEqual([['ENDPOINT_HANDSHAKE_TIME']])
  })

  test('a client that finished it is not', async () => {
    const run: ConnectionHandler['run'] = async (connection) => {
      await connection.withinHandshakeLimit(async () => {})
      await new Promise((resolve) => setTimeout(resolve, 30))
      return connection.socket.destroyed ? 'cut' : 'open'
    }
    expect(await lastOf(run, { handshakeLimit: 0.01 })).toMatchObject([{ ending: 'open' }])
  })

  test('a connection over which nothing goes is cut', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    const { connect } = await import('node:net')
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const client = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void client.destroy())
    const socket = await accepted
    const codes = await lastOf(
      async (connection) => {
        await connection.withinIdleLimit(socket, () => waiting(socket))
        return 'never'
      },
      { idleLimit: 0.05 },
    )
    expect(codes).toEqual([['ENDPOINT_IDLE']])
  })
})

/** A connection of which no more is told than that it was silent for so long. */
function silentStream() {
  const [stream, other] = duplexPair()
  onTestFinished(() => void other.destroy())
  const limits: number[] = []
  return Object.assign(stream, { limits, setTimeout: (limit: number) => void limits.push(limit) })
}

test('silence cuts a connection while work goes on, and not when it is over', async () => {
  const stream = silentStream()
  stream.on('error', () => {})
  const late = await lastOf(
    async (connection) => {
      await connection.withinIdleLimit(stream, async () => {})
      stream.emit('timeout')
      return stream.destroyed ? 'cut' : 'open'
    },
    { idleLimit: 2 },
  )
  expect(late).toMatchObject([{ ending: 'open' }])
  expect(stream.limits).toEqual([2_000])
  const early = await lastOf(
    async (connection) => {
      await connection.withinIdleLimit(stream, async () => {
        stream.emit('timeout')
        await waitFor(stream, 'close')
        throw new ConnectionEnded(undefined)
      })
      return 'never'
    },
    { idleLimit: 2 },
  )
  expect(early).toEqual([['ENDPOINT_IDLE']])
})

test('work on a stream that tells of no silence is done without a limit', async () => {
  const run = (connection: EndpointConnection) =>
    connection.withinIdleLimit(connection.socket, async () => 'done')
  expect(await lastOf(run, { idleLimit: 2 })).toMatchObject([{ ending: 'done' }])
})

test('no limit of silence is set where there is none', async () => {
  const stream = silentStream()
  const run = (connection: EndpointConnection) =>
    connection.withinIdleLimit(stream, async () => 'done')
  expect(await lastOf(run, { idleLimit: 0 })).toMatchObject([{ ending: 'done' }])
  expect(stream.limits).toEqual([])
})

const waitFor = (stream: Duplex, event: string) =>
  new Promise<void>((resolve) => stream.once(event, () => resolve()))

describe('a client that is told the end', () => {
  function closing(stream?: Duplex) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { socket, client, connection } = serve(async () => 'bye')
    connection.close(stream ?? socket)
    return { socket, client, connection }
  }

  test('has 5 s to close its side', async () => {
    const { socket, client } = closing()
    client.resume()
    await waitFor(socket, 'finish')
    vi.advanceTimersByTime(4_999)
    expect(socket.destroyed).toBe(false)
    vi.advanceTimersByTime(1)
    expect(socket.destroyed).toBe(true)
    await waitFor(socket, 'close')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('has 30 s to read what is left', async () => {
    const stuck = new Duplex({ read() {}, write() {} })
    stuck.write('what is not read')
    const { socket } = closing(stuck)
    vi.advanceTimersByTime(29_999)
    expect(socket.destroyed).toBe(false)
    vi.advanceTimersByTime(1)
    expect(socket.destroyed).toBe(true)
  })

  test('and has left by then keeps nothing waiting', async () => {
    let finish = (): void => {}
    const slow = new Duplex({
      read() {},
      final: (done) => {
        finish = done
      },
    })
    const { socket, connection } = closing(slow)
    socket.destroy()
    await waitFor(socket, 'close')
    expect(vi.getTimerCount()).toBe(0)
    const finished = waitFor(slow, 'finish')
    finish()
    await finished
    expect(vi.getTimerCount()).toBe(0)
    connection.close(slow)
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a drain cuts what has nothing under way, and says that this side did it', async () => {
  const run = async (connection: EndpointConnection) => {
    await new ByteChannel(connection.socket).read(1)
    return 'never'
  }
  const idle = serve(run)
  idle.connection.drain()
  await idle.done
  expect(idle.events.at(-1)).toMatchObject({
    diagnostics: [
      { code: 'ENDPOINT_CLIENT_LOST', message: expect.stringContaining('this side cut it') },
    ],
  })
  const busy = serve(run, { drain: () => true })
  busy.connection.drain()
  expect(busy.socket.destroyed).toBe(false)
})
