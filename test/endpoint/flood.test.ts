/** Many clients at once that say nothing: those who wait behind them have their turn all the same. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Listener } from '../../src/endpoint/listener.ts'
import { PATIENCE } from '../../src/endpoint/newcomers.ts'
import { scratchFolder } from '../cli/command.ts'
import { eventually } from '../nbd/server/test-server.ts'

/** As many as may be at their handshake, and as many as wait for it. */
const FULL = 1_024 + 128

const MORE = 64

test('of more clients than can wait, each begins in the order in which it came', async () => {
  const begun: string[] = []
  const listener = new Listener({
    handshakeLimit: 0,
    handle: () => ({
      run: async ({ socket }) => {
        await new Promise((resolve) => socket.once('close', resolve))
        return 'closed'
      },
      drain: () => false,
      wasUsed: false,
    }),
    onEvent: ({ event, from }) => void (event === 'connected' && begun.push(from)),
  })
  onTestFinished(() => listener.drain(0))
  const { port } = (await listener.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo
  const came: string[] = []
  for (let count = 0; count < FULL + MORE; count++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await new Promise((resolve) => socket.once('connect', resolve))
    came.push(`127.0.0.1:${socket.localPort}`)
  }
  await eventually(() => begun.length >= FULL - 128 + MORE)
  expect(begun).toEqual(came.slice(0, begun.length))
})

describe('clients who take long until they are let in', () => {
  /** As many as there may be at their handshake, and one that waits for that. */
  async function fill(connectionLimit = 1) {
    const counts = { connected: 0, secured: 0, refused: 0, left: 0 }
    let enterFirst = (): void => {}
    const listener = new Listener({
      ...{ connectionLimit, handshakeLimit: 0 },
      handle: ({ connection: number }) => ({
        run: async (connection) => {
          const gone = once(connection.socket, 'close')
          const entered = new Promise<void>((resolve) => {
            if (number === 1) enterFirst = resolve
          })
          await Promise.race([gone, entered])
          await connection.letIn()
          await gone
          return 'closed'
        },
        drain: () => false,
        wasUsed: false,
      }),
      onEvent: ({ event }) => void counts[event]++,
    })
    onTestFinished(() => listener.drain(0))
    const path = join(scratchFolder(), 'socket')
    await listener.listen({ path })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const strangers = Array.from({ length: 1_024 }, (_, count) => {
      const [stranger] = duplexPair()
      void listener.serve(stranger, `192.0.2.1:${count}`)
      return stranger
    })
    /** One more comes, and waits: so many timers run then. */
    const knock = async (timers: number) => {
      const client = connect(path).on('error', () => {})
      onTestFinished(() => void client.destroy())
      // How long it is silent is watched, and how long those before it take.
      while (vi.getTimerCount() < timers) await turn()
    }
    await knock(2)
    return { counts, listener, strangers, knock, enter: () => enterFirst() }
  }

  test('make room for one who waits only for that', async () => {
    const { counts } = await fill()
    vi.advanceTimersByTime(PATIENCE - 1)
    expect(counts).toMatchObject({ connected: 1_024, left: 0 })
    vi.advanceTimersByTime(1)
    expect(counts.connected).toBe(1_025)
    while (counts.left === 0) await turn()
    await turn()
    expect(counts).toMatchObject({ connected: 1_025, left: 1 })
  })

  test('stay where who waits could not be served', async () => {
    const { counts, listener, enter } = await fill()
    enter()
    while (listener.servedCount === 0) await turn()
    vi.advanceTimersByTime(PATIENCE)
    await turn()
    expect(counts).toMatchObject({ connected: 1_024, left: 0 })
    expect(listener.connectionCount).toBe(1_024)
  })

  test('are asked again for room when they have been there for long', async () => {
    const { counts, listener, strangers, knock } = await fill()
    vi.advanceTimersByTime(PATIENCE / 2)
    for (const stranger of strangers) stranger.destroy()
    while (counts.connected < 1_025) await turn()
    for (let count = 1; count < 1_024; count++) {
      void listener.serve(duplexPair()[0], `192.0.2.1:${count}`)
    }
    await knock(3)
    vi.advanceTimersByTime(PATIENCE / 2)
    expect(counts.connected).toBe(2_048)
    vi.advanceTimersByTime(PATIENCE)
    expect(counts.connected).toBe(2_049)
  })

  test('keep nothing waiting behind the end of the endpoint', async () => {
    const { listener } = await fill()
    await listener.drain(0)
    while (vi.getTimerCount() > 0) await turn()
  })

  test('make room where one of them is let in', async () => {
    const { counts, enter } = await fill(2)
    enter()
    while (counts.connected < 1_025) await turn()
    expect(counts).toMatchObject({ connected: 1_025, left: 0 })
  })
})
