/** One direction between two connections: from its first byte to its end, and what stays at them behind that. */
import { duplexPair } from 'node:stream'
import { expect, test } from 'vitest'
import { BytePump } from '../../src/endpoint/byte-pump.ts'
import { ConnectionEnded } from '../../src/net/byte-channel.ts'

/** A pair of streams listens to ends itself. */
const EVENTS = ['data', 'error', 'close', 'drain', 'finish'] as const

/** A pump between two connections, and the peers at their other ends. */
function pumped() {
  const [source, from] = duplexPair()
  const [to, target] = duplexPair()
  for (const one of [source, from, to, target]) one.on('error', () => {})
  const listeners = () =>
    [from, to].map((stream) => EVENTS.map((event) => stream.listenerCount(event)))
  const before = listeners()
  const counted: number[] = []
  const pump = new BytePump({ from, to, count: (bytes) => void counted.push(bytes) })
  const taken: Buffer[] = []
  target.on('data', (bytes) => taken.push(bytes))
  const text = () => String(Buffer.concat(taken))
  return { source, from, to, target, pump, counted, text, listeners, before }
}

const someTurns = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

test('all bytes and the end behind them go over, and nothing listens afterwards', async () => {
  const { source, pump, text, counted, listeners, before } = pumped()
  const over = pump.run()
  source.write('one ')
  await someTurns()
  source.end('two')
  await over
  expect(text()).toBe('one two')
  expect(counted.reduce((sum, bytes) => sum + bytes, 0)).toBe(7)
  expect(listeners()).toEqual(before)
})

test.each(['from', 'to'] as const)(
  'a connection that was closed before (%s) ends it at once',
  async (which) => {
    const streams = pumped()
    const cause = new Error('reset')
    streams[which].destroy(cause)
    await someTurns()
    expect(streams[which].closed).toBe(true)
    await expect(streams.pump.run()).rejects.toMatchObject({ name: 'ConnectionEnded', cause })
    expect(streams.listeners()).toEqual(streams.before)
  },
)

test.each(['from', 'to'] as const)(
  'a connection that closes too early (%s) ends it, without a reason where there is none',
  async (which) => {
    const streams = pumped()
    const over = streams.pump.run()
    const ended = expect(over).rejects.toEqual(new ConnectionEnded(undefined))
    streams[which].destroy()
    await ended
  },
)

test('one that is stopped writes what it has read, and reads no more', async () => {
  const { source, from, pump, text, counted, listeners, before } = pumped()
  const ends = from.listenerCount('end')
  const over = pump.run()
  source.write('before')
  await expect.poll(() => counted).toEqual([6])
  pump.stop()
  source.write('behind')
  await over
  await someTurns()
  expect([text(), counted]).toEqual(['before', [6]])
  expect(String(from.read())).toBe('behind')
  expect(from.listenerCount('end')).toBe(ends)
  expect(listeners()).toEqual(before)
})
