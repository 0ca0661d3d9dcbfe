/** The bytes of relayed channels: both ways, to their ends, in order, and no faster than they are taken. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { residentMemory } from '../../nbd/our-server.ts'
import { connectPlain, listenPlain, readAll } from './plain-ends.ts'
import { startPair, startPairInProcess } from './relay-process.ts'

const MEBIBYTE = 1_048_576

async function openChannel(): Promise<{ near: Socket; far: Socket }> {
  const { entry, exit } = await startPairInProcess()
  const target = await listenPlain(exit)
  return { near: await connectPlain(entry), far: await target.next() }
}

test('the end of one direction goes through, and the other goes on', async () => {
  const { near, far } = await openChannel()
  near.end('memory')
  expect(String(await readAll(far))).toBe('memory')
  far.write('SHUT')
  await once(near, 'readable')
  expect(String(near.read())).toBe('SHUT')
  far.end(' and more')
  expect(String(await readAll(near))).toBe(' and more')
})

test('the end of the answers goes through first, and the memory goes on', async () => {
  const { near, far } = await openChannel()
  far.end('bye')
  expect(String(await readAll(near))).toBe('bye')
  near.end('still sent')
  expect(String(await readAll(far))).toBe('still sent')
})

test('every byte arrives, in both directions at once', async () => {
  const { near, far } = await openChannel()
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  const [there, back] = [randomBytes(24 * MEBIBYTE + 1), randomBytes(9 * MEBIBYTE + 7)]
  near.end(there)
  far.end(back)
  const [arrived, answered] = await Promise.all([readAll(far), readAll(near)])
  expect(digest(arrived)).toBe(digest(there))
  expect(digest(answered)).toBe(digest(back))
})

/** Writes until no more is taken for half a second. @returns how many bytes were. */
async function fill(socket: Socket): Promise<number> {
  let written = 0
  const part = Buffer.alloc(65_536)
  let isTaken = true
  while (isTaken) {
    written += part.length
    isTaken = socket.write(part) || (await isDrained(socket))
  }
  return written - socket.writableLength
}

function isDrained(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (isTaken: boolean) => {
      clearTimeout(timer)
      socket.off('drain', drained)
      resolve(isTaken)
    }
    const drained = () => answer(true)
    const timer = setTimeout(answer, 500, false)
    socket.once('drain', drained)
  })
}

test('what is not taken is not read, in both directions, and memory does not grow with it', async () => {
  const pair = await startPair()
  const target = await listenPlain(pair.exit)
  const channels: { near: Socket; far: Socket }[] = []
  for (let count = 0; count < 4; count++) {
    channels.push({ near: await connectPlain(pair.entry), far: await target.next() })
  }
  const before = residentMemory(pair.source.pid) + residentMemory(pair.destination.pid)
  const taken = await Promise.all(channels.flatMap(({ near, far }) => [fill(near), fill(far)]))
  const after = residentMemory(pair.source.pid) + residentMemory(pair.destination.pid)
  // Buffers of the kernel included: three sockets, and TCP's grow up to 6 MiB.
  for (const bytes of taken) expect(bytes).toBeLessThan(16 * MEBIBYTE)
  // Each relay may hold 4 MiB for each channel, and the heap grows a little.
  expect(after - before).toBeLessThan(64)
}, 240_000)

test('channels are opened at the destination in the order in which they came', async () => {
  const { entry, exit } = await startPairInProcess()
  const target = await listenPlain(exit)
  const near = await Promise.all(Array.from({ length: 12 }, () => connectPlain(entry)))
  near.forEach((socket, index) => void socket.end(`channel ${index}`))
  const seen: string[] = []
  for (let count = 0; count < near.length; count++) {
    seen.push(String(await readAll(await target.next())))
  }
  expect(seen).toEqual(near.map((_, index) => `channel ${index}`))
})

test('a channel that breaks ends on both sides, and is not taken for one that ended', async () => {
  const pair = await startPairInProcess()
  const target = await listenPlain(pair.exit)
  const near = await connectPlain(pair.entry)
  const far = await target.next()
  near.write('half of a guest')
  await once(far.resume(), 'data')
  const closed = new Promise((resolve) => near.once('close', resolve))
  far.destroy()
  const timer = setInterval(() => near.destroyed || near.write('more'), 20)
  await closed
  clearInterval(timer)
  await pair.source.says(/#1 .*ended:/)
  expect(pair.source.log()).toMatch(/RELAY_NOT_ANSWERED|RELAY_TARGET_LOST/)
  expect(pair.destination.log()).toMatch(/RELAY_NOT_ANSWERED|RELAY_TARGET_LOST/)
})

test('a channel to a destination that is not there ends, and a code says why', async () => {
  const pair = await startPairInProcess()
  const near = await connectPlain(pair.entry)
  expect(await readAll(near)).toHaveLength(0)
  expect(await pair.destination.says(/#1 .*ended:/)).toContain('NET_UNREACHABLE')
  near.destroy()
  await pair.source.says(/#1 .*(ended:|left)/)
})
