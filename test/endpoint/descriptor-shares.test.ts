/** Several listeners of one process: clients of all of them together leave it the descriptors that a reload needs. */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ConnectionEvent } from '../../src/endpoint/connection-event.ts'
import {
  canServe,
  joinShares,
  leaveShares,
  roomForServed,
  type ShareHolder,
} from '../../src/endpoint/descriptor-shares.ts'
import { Listener, type ListenerOptions } from '../../src/endpoint/listener.ts'
import { ByteChannel } from '../../src/net/byte-channel.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawn, spawnSync } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'

const SCRIPT = join(import.meta.dirname, 'many-listeners-process.ts')

/** What is kept free, less what the process opens meanwhile by itself. */
const KEPT = 20

async function startListeners(count: number, limit: number) {
  const args = [`--nofile=${limit}:${limit}`, process.execPath, SCRIPT, String(count)]
  const child = spawn('prlimit', args, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (text) => (said += text))
  await eventually(() => /listens .*\n/.test(said))
  const [, ports = ''] = /listens (.*)\n/.exec(said) ?? []
  const free = async () => {
    said = ''
    child.stdin.write('\n')
    await eventually(() => /free \d+\n/.test(said))
    return Number(/free (\d+)/.exec(said)?.[1])
  }
  return { ports: ports.split(' ').map(Number), free }
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Says a byte; resolves with whether it was let in before it was sent away. */
async function enter(socket: Socket): Promise<boolean> {
  const answer = new Promise<boolean>((resolve) => {
    socket.once('data', () => resolve(true)).once('close', () => resolve(false))
  })
  socket.write('x')
  return answer
}

testWith('prlimit', 'strangers at four places leave descriptors, and clients get in', async () => {
  const { ports, free } = await startListeners(4, 120)
  for (const port of ports) {
    await Promise.all(Array.from({ length: 60 }, () => open(port)))
  }
  expect(await free()).toBeGreaterThanOrEqual(KEPT)
  for (const port of ports) expect(await enter(await open(port))).toBe(true)
})

/** Opens more clients than there is room for; gives what became of each, as it becomes known. */
async function fill(port: number) {
  const clients = await Promise.all(Array.from({ length: 60 }, () => open(port)))
  const outcomes: boolean[] = []
  for (const client of clients) void enter(client).then((isIn) => outcomes.push(isIn))
  // It is full, since some were sent away.
  await eventually(() => outcomes.includes(true) && outcomes.includes(false))
  const countIn = () => outcomes.filter((isIn) => isIn).length
  return { countIn, leave: () => clients.forEach((client) => void client.destroy()) }
}

testWith('prlimit', 'one that lets in all who come leaves room for another', async () => {
  const { ports, free } = await startListeners(2, 100)
  const [first = 0, second = 0] = ports
  const { leave } = await fill(first)
  expect(await free()).toBeGreaterThanOrEqual(KEPT)
  const { countIn } = await fill(second)
  expect(await free()).toBeGreaterThanOrEqual(KEPT)
  const before = countIn()
  expect(before).toBeGreaterThanOrEqual(2)
  leave()
  await eventually(() => countIn() > before)
})

/** A listener whose clients take so many descriptors. */
function holder() {
  const one: ShareHolder & { count: number; limit: number } = {
    count: 0,
    limit: 0,
    held: () => one.count,
    served: () => one.count,
    strangerLimit: () => one.limit,
    limitStrangers: (part: number) => {
      one.limit = part
    },
    resume: () => {},
  }
  onTestFinished(() => leaveShares(one))
  return one
}

test('one alone may take all that is for clients, and one of several no more than it leaves free', () => {
  const [one, other, guest] = [holder(), holder(), holder()]
  joinShares(one, 'here')
  const alone = one.limit
  expect(alone).toBeGreaterThan(0)
  one.count = roomForServed() - 1
  expect([canServe(one, 1), canServe(one, 2)]).toEqual([true, false])
  one.count = 0
  expect(canServe(one, roomForServed())).toBe(true)
  // One that does not listen is another one, too.
  const half = Math.floor(roomForServed() / 2)
  expect([canServe(guest, half), canServe(guest, half + 1)]).toEqual([true, true])
  guest.count = Math.ceil(roomForServed() / 2)
  expect([canServe(guest, half), canServe(guest, half + 1)]).toEqual([true, false])
  guest.count = 0
  joinShares(other, 'there')
  // What is for strangers is divided.
  expect(other.limit).toBe(one.limit)
  expect(one.limit).toBeLessThan(alone)
  const room = roomForServed()
  // So many that the next one takes the last that it may have.
  one.count = Math.floor((room - 1) / 2)
  expect([canServe(one, 1), canServe(one, room % 2 ? 2 : 3)]).toEqual([true, false])
  one.count++
  expect(canServe(one, 1)).toBe(false)
  expect(canServe(other, 1)).toBe(true)
  const divided = one.limit
  leaveShares(other)
  expect(one.limit).toBeGreaterThan(divided)
})

/** Descriptors for clients: a quarter is for strangers at their handshake, and a quarter for those who wait. */
const ROOM = 18

const STRANGERS = 4

/** What all but connections have. */
const RESERVED = 24

/** Listens while this process has few descriptors left; a client that has said a byte is let in. */
async function listenScarcely(options: Partial<ListenerOptions> = {}) {
  const events: ConnectionEvent[] = []
  const listener = new Listener({
    ...{ handshakeLimit: 0, onEvent: (event) => void events.push(event), ...options },
    handle: () => ({
      run: async (connection) => {
        await new ByteChannel(connection.socket).read(1)
        await connection.letIn()
        await once(connection.socket.resume(), 'close')
        return 'closed'
      },
      drain: () => false,
    }),
  })
  onTestFinished(() => listener.drain(0))
  const [, before = ''] =
    /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  limitFiles(readdirSync('/proc/self/fd').length + RESERVED + ROOM)
  const place = await listener.listen({ host: '127.0.0.1', port: 0 }).finally(() => {
    limitFiles(before)
  })
  const { port } = place as AddressInfo
  const refusals = () =>
    events.flatMap((event) =>
      event.event === 'refused'
        ? event.diagnostics.map(({ code }) => `${code} ${event.connection}`)
        : [],
    )
  const openMany = (count: number) => Promise.all(Array.from({ length: count }, () => open(port)))
  return { listener, open: () => open(port), openMany, refusals, events }
}

function limitFiles(limit: number | string): void {
  const { status } = spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${limit}:`])
  expect(status).toBe(0)
}

/** Waits by turns of the event loop, where timers stand still. */
async function until(isSo: () => boolean): Promise<void> {
  for (let count = 0; !isSo() && count < 100_000; count++) await turn()
  expect(isSo()).toBe(true)
}

async function someTurns(): Promise<void> {
  for (let count = 0; count < 20; count++) await turn()
}

function stopTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

testWith('prlimit', 'who is not let in for long makes room for as many as wait', async () => {
  stopTime()
  const { listener, openMany, refusals } = await listenScarcely()
  await openMany(STRANGERS)
  await until(() => listener.connectionCount === STRANGERS)
  expect(vi.getTimerCount()).toBe(0)
  await openMany(2)
  await until(() => vi.getTimerCount() > 0)
  await someTurns()
  vi.advanceTimersByTime(999)
  await someTurns()
  expect(refusals()).toEqual([])
  vi.advanceTimersByTime(1)
  await until(() => refusals().length >= 2)
  await someTurns()
  expect(refusals().toSorted()).toEqual(['ENDPOINT_GAVE_WAY 1', 'ENDPOINT_GAVE_WAY 2'])
  expect(listener.connectionCount).toBe(STRANGERS)
})

testWith('prlimit', 'where the line is full, the oldest stranger makes room at once', async () => {
  stopTime()
  const { listener, open, openMany, refusals } = await listenScarcely()
  await openMany(2 * STRANGERS)
  await someTurns()
  expect([listener.connectionCount, refusals()]).toEqual([STRANGERS, []])
  await open()
  await until(() => refusals().length > 0)
  await someTurns()
  expect(refusals()).toEqual(['ENDPOINT_GAVE_WAY 1'])
  expect(listener.connectionCount).toBe(STRANGERS)
})

testWith('prlimit', 'who waits for a place keeps its turn; one more is sent away', async () => {
  stopTime()
  const { listener, open, openMany, refusals, events } = await listenScarcely({
    connectionLimit: 1,
  })
  const first = await open()
  first.write('x')
  await until(() => listener.servedCount === 1)
  const [next] = await openMany(STRANGERS)
  await someTurns()
  await open()
  await until(() => refusals().length > 0)
  vi.advanceTimersByTime(3_600_000)
  await someTurns()
  expect(refusals()).toEqual(['ENDPOINT_TOO_MANY_WAITING 2'])
  expect(events.at(-1)).toMatchObject({
    diagnostics: [{ message: expect.stringContaining(`${STRANGERS} clients wait already`) }],
  })
  next?.write('x')
  first.destroy()
  await until(() => listener.servedCount === 1 && listener.connectionCount > 1)
})

testWith('prlimit', 'one that was silent for long makes room in the line', async () => {
  stopTime()
  const { listener, open, openMany, refusals } = await listenScarcely({
    ...{ connectionLimit: 1, clientsBegin: true },
  })
  const first = await open()
  first.write('x')
  await until(() => listener.servedCount === 1)
  await openMany(STRANGERS)
  await until(() => vi.getTimerCount() === STRANGERS)
  vi.advanceTimersByTime(1_000)
  await someTurns()
  const late = await open()
  late.write('x')
  await until(() => refusals().length > 0)
  first.destroy()
  await until(() => listener.servedCount === 1 && listener.connectionCount > 1)
  expect(refusals()).toEqual(['ENDPOINT_TOO_MANY_WAITING 2'])
})

testWith(
  'prlimit',
  'a client takes as many as it says, and all that it takes come back',
  async () => {
    const { listener, openMany } = await listenScarcely({ clientDescriptors: 3 })
    // What is left of the room when strangers have theirs.
    const most = Math.floor(roomForServed() / 3)
    const clients = await openMany(most + 1)
    for (const client of clients) client.write('x')
    await eventually(() => listener.servedCount === most)
    await someTurns()
    expect([listener.servedCount, listener.connectionCount]).toEqual([most, most + 1])
    const other = holder()
    expect(canServe(other, roomForServed() - 3 * most)).toBe(true)
    expect(canServe(other, roomForServed() - 3 * most + 1)).toBe(false)
    clients[0]?.destroy()
    await eventually(() => listener.connectionCount === most)
    expect(listener.servedCount).toBe(most)
  },
)
