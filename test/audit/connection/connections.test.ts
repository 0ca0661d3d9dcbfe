/** Questions to real sockets: every outcome is a value, within the bounds that were given. */
import { getEventListeners, once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Connections } from '../../../src/audit/connection/connections.ts'
import {
  DEFAULT_LIMITS,
  DialedSource,
  type DialLimits,
} from '../../../src/audit/connection/dialed-source.ts'
import type { Transcript } from '../../../src/audit/connection/transcript.ts'
import { ReplaySource } from '../../../src/audit/evidence/replay-source.ts'
import { refuse } from '../../../src/wire/protocol-error.ts'

async function serve(behave: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    behave(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function connect(port: number, limits: Partial<DialLimits> = {}, kept: Transcript[] = []) {
  const source = new DialedSource(
    { kind: 'tcp', host: '127.0.0.1', port },
    { ...DEFAULT_LIMITS, ...limits },
  )
  return new Connections({
    source,
    seed: Buffer.alloc(32),
    keep: (transcript) => void kept.push(transcript),
  })
}

test('an answer is the value of the conversation, and all of it is on record', async () => {
  const port = await serve((socket) => void socket.once('data', (bytes) => socket.end(bytes)))
  const kept: Transcript[] = []
  const connections = connect(port, {}, kept)
  const asked = await connections.ask('echo', async (exchange) => {
    await exchange.write(Buffer.from('hello\nrest'))
    return [String(await exchange.read(6)), String(await exchange.read(4))]
  })
  expect(asked).toEqual({ isAnswered: true, value: ['hello\n', 'rest'] })
  expect(kept[0]).toMatchObject({
    claim: 'echo',
    steps: [{ sent: Buffer.from('hello\nrest') }, { received: Buffer.from('hello\nrest') }],
  })
  expect(connections.count).toBe(1)
})

test.each<[string, (socket: Socket) => void]>([
  ['closed', (socket) => void socket.end()],
  ['reset', (socket) => void socket.once('data', () => socket.resetAndDestroy())],
  ['timed-out', () => {}],
  ['too-much', (socket) => void socket.write(Buffer.alloc(70_000))],
])('a server that gives nothing of use: %s', async (failure, behave) => {
  const connections = connect(await serve(behave), { silence: 200, bytes: 65_536 })
  const asked = await connections.ask('all', async (exchange) => {
    await exchange.write(Buffer.from('x'))
    return exchange.read(100_000)
  })
  expect(asked).toEqual({ isAnswered: false, failure: { failure } })
})

test('a server that drips is cut off when the time of the question is over', async () => {
  const port = await serve((socket) => {
    const timer = setInterval(() => socket.write('x'), 20)
    socket.on('close', () => clearInterval(timer))
  })
  const connections = connect(port, { silence: 5000, duration: 300 })
  const asked = await connections.ask('drip', (exchange) => exchange.read(1_000_000))
  expect(asked).toEqual({ isAnswered: false, failure: { failure: 'timed-out' } })
})

test('what breaks the protocol is a failure; nothing listening is another', async () => {
  const port = await serve((socket) => void socket.write('x'))
  const asked = await connect(port).ask('bad', async () => refuse('rubbish'))
  expect(asked).toEqual({ isAnswered: false, failure: { failure: 'malformed', reason: 'rubbish' } })
  const unreached = await connect(1).ask('none', async () => 0)
  expect(unreached).toMatchObject({ isAnswered: false, failure: { failure: 'unreachable' } })
})

test('no more connections are begun than the budget permits', async () => {
  let begun = 0
  const port = await serve((socket) => {
    begun++
    socket.write('x')
  })
  const connections = connect(port, { budget: 3 })
  const all = await Promise.all(
    [1, 2, 3, 4, 5].map((n) => connections.ask(`q${n}`, (exchange) => exchange.read(1))),
  )
  expect(all.filter(({ isAnswered }) => isAnswered)).toHaveLength(3)
  expect(all[4]).toEqual({ isAnswered: false, failure: { failure: 'budget-spent' } })
  expect(begun).toBe(3)
})

test('no connection is begun when the time of all questions is over, and a replay knows it', async () => {
  const port = await serve((socket) => void socket.write('x'))
  const kept: Transcript[] = []
  const connections = connect(port, { allTime: 50 }, kept)
  const ask = (claim: string, over: Connections) => over.ask(claim, (exchange) => exchange.read(1))
  expect(await ask('first', connections)).toMatchObject({ isAnswered: true })
  await setTimeout(100)
  const spent = { isAnswered: false, failure: { failure: 'time-spent' } }
  expect(await ask('second', connections)).toEqual(spent)
  expect(connections.count).toBe(1)
  const again = new Connections({ source: new ReplaySource(kept), seed: Buffer.alloc(32) })
  expect(await ask('first', again)).toMatchObject({ isAnswered: true })
  expect(await ask('second', again)).toEqual(spent)
  expect(again.count).toBe(1)
})

test('what waits for another connection until the time is over begins none', async () => {
  const held: Socket[] = []
  const port = await serve((socket) => void held.push(socket))
  const connections = connect(port, { allTime: 50, atOnce: 1 })
  const first = connections.ask('first', (exchange) => exchange.read(1))
  const second = connections.ask('second', (exchange) => exchange.read(1))
  await setTimeout(100)
  for (const socket of held) socket.write('x')
  expect(await second).toEqual({ isAnswered: false, failure: { failure: 'time-spent' } })
  await first
  expect(connections.count).toBe(1)
})

test('a signal ends what is open, and nothing listens to it where nothing is', async () => {
  const port = await serve((socket) => void socket.write('x'))
  const stop = new AbortController()
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const limits = { ...DEFAULT_LIMITS, silence: 60_000, duration: 60_000 }
  const source = new DialedSource(address, limits, stop.signal)
  const connections = new Connections({ source, seed: Buffer.alloc(32) })
  expect(await connections.ask('one byte', (exchange) => exchange.read(1))).toMatchObject({
    isAnswered: true,
  })
  await vi.waitFor(() => expect(getEventListeners(stop.signal, 'abort')).toEqual([]), 60_000)
  const open = connections.ask('two bytes', async (exchange) => {
    await exchange.read(1)
    stop.abort()
    return exchange.read(1)
  })
  const interrupted = { isAnswered: false, failure: { failure: 'interrupted' } }
  expect(await open).toEqual(interrupted)
  expect(await connections.ask('none', (exchange) => exchange.read(1))).toEqual(interrupted)
  expect(connections.count).toBe(2)
})

test('as many connections are open at a time as may be', async () => {
  let unanswered = 0
  let most = 0
  const port = await serve((socket) => {
    most = Math.max(most, ++unanswered)
    globalThis.setTimeout(() => {
      unanswered--
      socket.write('x')
    }, 20)
  })
  const connections = connect(port, { atOnce: 2 })
  const questions = Array.from({ length: 10 }, (_, n) =>
    connections.ask(`q${n}`, (exchange) => exchange.read(1)),
  )
  expect((await Promise.all(questions)).every(({ isAnswered }) => isAnswered)).toBe(true)
  expect(most).toBeLessThanOrEqual(2)
})

test('the random bytes of a question are the same in a replay and differ between questions', async () => {
  const port = await serve((socket) => void socket.write('x'))
  const draw = async (claim: string) => {
    const asked = await connect(port).ask(claim, async (exchange) => [
      exchange.random(40).toString('hex'),
      exchange.random(40).toString('hex'),
    ])
    return asked.isAnswered ? asked.value : []
  }
  const [first, again, other] = [await draw('a'), await draw('a'), await draw('b')]
  expect(first).toEqual(again)
  expect(new Set([...first, ...other]).size).toBe(4)
})
