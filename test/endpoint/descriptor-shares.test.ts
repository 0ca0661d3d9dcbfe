/** Several listeners of one process: clients of all of them together leave it the descriptors that a reload needs. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  canServe,
  joinShares,
  leaveShares,
  roomForServed,
  type ShareHolder,
} from '../../src/endpoint/descriptor-shares.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawn } from '../peers/child-process.ts'
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
