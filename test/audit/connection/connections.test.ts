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
import { UpgradeRefused } from '../../../src/audit/connection/failure.ts'
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
  const kept: Transcript[] = []
  const connections = connect(await serve(behave), { silence: 200, bytes: 65_536 }, kept)
  const asked = await connections.ask('all', async (exchange) => {
    await exchange.write(Buffer.from('x'))
    return exchange.read(100_000)
  })
  expect(asked).toEqual({ isAnswered: false, failure: { failure } })
  expect(kept).toMatchObject([{ claim: 'all', end: failure }])
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

test('an end within the bytes that were asked for is none between two answers', async () => {
  const port = await serve((socket) => void socket.end('xy'))
  const ask = (...lengths: readonly number[]) =>
    connect(port).ask(`read ${lengths}`, async (exchange) => {
      for (const length of lengths) await exchange.read(length)
    })
  expect(await ask(2, 1)).toEqual({ isAnswered: false, failure: { failure: 'closed' } })
  const reason = 'a part of its answer, and ended the connection'
  const brokenOff = { isAnswered: false, failure: { failure: 'malformed', reason } }
  expect(await ask(3)).toEqual(brokenOff)
  expect(await ask(1, 2)).toEqual(brokenOff)
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

test('as many connections begin in a second as the rate permits, and the time of all grows with them', async () => {
  const port = await serve((socket) => void socket.write('x'))
  const now = vi.spyOn(performance, 'now').mockReturnValue(1000)
  onTestFinished(() => now.mockRestore())
  const kept: Transcript[] = []
  const connections = connect(port, { rate: 20, allTime: 99 }, kept)
  const ask = (claim: string) => connections.ask(claim, (exchange) => exchange.read(1))
  const begin = process.hrtime.bigint()
  expect(await ask('first')).toMatchObject({ isAnswered: true })
  expect(await ask('second')).toMatchObject({ isAnswered: true })
  expect(await ask('third')).toMatchObject({ isAnswered: true })
  // By a clock that stands still, the third one has to wait for 100 ms. Timers may be a little early.
  expect(Number(process.hrtime.bigint() - begin) / 1e6).toBeGreaterThan(50 + 100 - 3)
  // Three connections at this rate add 150 ms to the 99.
  now.mockReturnValue(1000 + 99 + 150)
  expect(await ask('fourth')).toMatchObject({ isAnswered: true })
  now.mockReturnValue(1000 + 99 + 201)
  const spent = { isAnswered: false, failure: { failure: 'time-spent' } }
  expect(await ask('fifth')).toEqual(spent)
  expect(connections.count).toBe(4)
})

test('what waits for the rate ends at the signal', async () => {
  const port = await serve((socket) => void socket.write('x'))
  const stop = new AbortController()
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const source = new DialedSource(address, { ...DEFAULT_LIMITS, rate: 0.001 }, stop.signal)
  const connections = new Connections({ source, seed: Buffer.alloc(32) })
  const ask = (claim: string) => connections.ask(claim, (exchange) => exchange.read(1))
  expect(await ask('first')).toMatchObject({ isAnswered: true })
  const second = ask('second')
  await setTimeout(5)
  stop.abort()
  expect(await second).toEqual({ isAnswered: false, failure: { failure: 'interrupted' } })
  expect(connections.count).toBe(1)
})

test('no connection is begun when more has come over all than may, and the last byte is none too many', async () => {
  const port = await serve((socket) => void socket.write('1234'))
  const ask = async (allBytes: number) => {
    const connections = connect(port, { allBytes })
    await connections.ask('first', (exchange) => exchange.read(4))
    return connections.ask('second', (exchange) => exchange.read(4))
  }
  expect(await ask(4)).toMatchObject({ isAnswered: true })
  expect(await ask(3)).toEqual({ isAnswered: false, failure: { failure: 'too-much' } })
})

test('an answer has as many bytes as it may, and what came before one more is read', async () => {
  const port = await serve((socket) => void socket.once('data', () => socket.write('12345')))
  const ask = (bytes: number, length: number) =>
    connect(port, { bytes, silence: 300 }).ask('bytes', async (exchange) => {
      await exchange.write(Buffer.from('x'))
      return String(await exchange.read(length))
    })
  expect(await ask(5, 5)).toEqual({ isAnswered: true, value: '12345' })
  expect(await ask(5, 6)).toEqual({ isAnswered: false, failure: { failure: 'timed-out' } })
  expect(await ask(4, 5)).toEqual({ isAnswered: true, value: '12345' })
  expect(await ask(4, 6)).toEqual({ isAnswered: false, failure: { failure: 'too-much' } })
})

test('a limit of silence is only ever made shorter', async () => {
  const port = await serve(() => {})
  const ask = async (silence: number, limit: number) => {
    const begin = process.hrtime.bigint()
    const connections = connect(port, { silence, duration: 60_000 })
    const asked = await connections.ask('silence', (exchange) => {
      exchange.limitSilence(limit)
      return exchange.read(1)
    })
    expect(asked).toEqual({ isAnswered: false, failure: { failure: 'timed-out' } })
    return Number(process.hrtime.bigint() - begin) / 1e6
  }
  // The other limit is of minutes.
  expect(await ask(600_000, 20)).toBeGreaterThan(18)
  expect(await ask(20, 600_000)).toBeGreaterThan(18)
})

test('a peer that said nothing for too long still gets a farewell, one that closed does not', async () => {
  const heard = Promise.withResolvers<string>()
  const port = await serve(
    (socket) => void socket.once('data', (bytes) => heard.resolve(String(bytes))),
  )
  const asked = await connect(port, { silence: 20 }).ask('silent', async (exchange) => {
    await exchange.read(1).catch(() => {})
    await exchange.write(Buffer.from('farewell'))
    return heard.promise
  })
  expect(asked).toEqual({ isAnswered: true, value: 'farewell' })
})

test('whether there was any connection is known of all questions to a server', async () => {
  const port = await serve((socket) => void socket.write('x'))
  const connections = connect(port)
  expect([connections.wasReached, connections.unreachable]).toEqual([false, undefined])
  const said: string[] = []
  const upgraded = connections.withPrelude(async (exchange) => {
    said.push(String(await exchange.read(1)))
    throw new UpgradeRefused('has no TLS')
  })
  expect(await upgraded.ask('upgrade', async () => said.push('too late'))).toEqual({
    ...{ isAnswered: false, failure: { failure: 'no-upgrade', reason: 'has no TLS' } },
  })
  expect(said).toEqual(['x'])
  expect([connections.wasReached, connections.unreachable]).toEqual([true, undefined])
  const absent = connect(1)
  const none = await absent.withPrelude(async () => {}).ask('none', async () => 0)
  if (none.isAnswered || none.failure.failure !== 'unreachable') throw new Error('it is there')
  expect([absent.wasReached, absent.unreachable]).toEqual([false, none.failure.reason])
  const source = { connections: 0, open: async () => ({ failure: 'timed-out' }) as const }
  const silent = new Connections({ source, seed: Buffer.alloc(32) })
  await silent.ask('silent', async () => 0)
  expect([silent.wasReached, silent.unreachable]).toEqual([false, 'it does not answer'])
})

test('a mistake of this program is none of the server, and is on record all the same', async () => {
  const closed = Promise.withResolvers<void>()
  const port = await serve((socket) => void socket.on('close', () => closed.resolve()).write('x'))
  const kept: Transcript[] = []
  const asked = connect(port, {}, kept).ask('mistake', async (exchange) => {
    await exchange.read(1)
    throw new TypeError('a mistake')
  })
  await expect(asked).rejects.toThrow(TypeError)
  await closed.promise
  expect(kept).toMatchObject([{ claim: 'mistake', steps: [{ received: Buffer.from('x') }] }])
})

test('as many random bytes come as are asked for, and never the same again', async () => {
  const port = await serve(() => {})
  const asked = await connect(port).ask('random', async (exchange) =>
    [0, 1, 31, 32, 33, 64, 65].map((length) => exchange.random(length).toString('hex')),
  )
  if (!asked.isAnswered) throw new Error('there is no connection')
  const [none, ...drawn] = asked.value
  expect(none).toBe('')
  expect(drawn.map((hex) => hex.length / 2)).toEqual([1, 31, 32, 33, 64, 65])
  const blocks = drawn.slice(1).flatMap((hex) => hex.match(/.{62}/g) ?? [])
  expect(new Set(blocks).size).toBe(blocks.length)
})

test('the place of a connection is free again when it has ended, or was not made', async () => {
  const port = await serve((socket) => void socket.write('x'))
  const connections = connect(port, { atOnce: 1 })
  for (const claim of ['first', 'second', 'third']) {
    const asked = await connections.ask(claim, (exchange) => exchange.read(1))
    expect(asked.isAnswered).toBe(true)
  }
  expect(connections.count).toBe(3)
  const absent = connect(1, { atOnce: 1 })
  for (const claim of ['first', 'second']) {
    const asked = await absent.ask(claim, async () => 0)
    expect(asked).toMatchObject({ failure: { failure: 'unreachable' } })
  }
  // They were begun: the server may be there all the same.
  expect(absent.count).toBe(2)
})
