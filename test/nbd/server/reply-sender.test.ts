/** What goes out together, what goes out as it is, and how much memory waits for the peer meanwhile. */
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { ReplySender } from '../../../src/nbd/server/replies/reply-sender.ts'
import { BufferPool } from '../../../src/transfer/buffer-pool.ts'

/** What a write takes besides its bytes. */
const OVERHEAD = 512

/** A sender to a peer that takes what is written when the test says so. */
function scene() {
  const writes: Buffer[] = []
  const taken: (() => void)[] = []
  const socket = new Writable({
    highWaterMark: 1,
    write: (bytes: Buffer, _, done) => {
      writes.push(bytes)
      taken.push(done)
    },
  })
  const pool = new BufferPool()
  const given: Buffer[] = []
  const give = pool.give.bind(pool)
  pool.give = (buffer) => {
    given.push(buffer)
    give(buffer)
  }
  let freed = 0
  const sender = new ReplySender(socket as never, pool, () => freed++)
  const take = async (): Promise<void> => {
    taken.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    writes,
    given,
    sender,
    take,
    freed: () => freed,
    sizes: () => writes.map(({ length }) => length),
  }
}

/** What the bytes of a reply are. */
const reply = (length: number, byte = 'r') => Buffer.alloc(length, byte)

test('small replies go out together, in order, when all of them are there', async () => {
  const { sender, writes, take, freed } = scene()
  for (const text of ['one ', 'two ', 'three']) sender.add(Buffer.from(text))
  expect([writes.length, sender.held]).toEqual([0, 0])
  sender.flush()
  sender.flush()
  expect(writes.map(String)).toEqual(['one two three'])
  expect([sender.held, freed()]).toEqual([13 + OVERHEAD, 0])
  await take()
  expect([sender.held, freed()]).toEqual([0, 1])
})

test('a reply of 16 KiB still waits for others, a larger one goes out behind them', async () => {
  const { sender, sizes, take } = scene()
  sender.add(reply(16_384))
  sender.add(reply(16_384))
  expect(sizes()).toEqual([])
  // They are 32 KiB together, and there is no room for another byte.
  sender.add(reply(1))
  expect(sizes()).toEqual([32_768])
  sender.add(reply(16_385))
  await take()
  await take()
  expect(sizes()).toEqual([32_768, 1, 16_385])
  sender.flush()
  expect(sizes()).toHaveLength(3)
})

test('bytes that must not change are told of when the peer has them', async () => {
  const { sender, writes, take } = scene()
  const bytes = reply(10)
  const told: string[] = []
  sender.add(Buffer.from('before'))
  sender.send(bytes, () => void told.push(`done, ${sender.held} held`))
  expect(sender.held).toBe(6 + 10 + 2 * OVERHEAD)
  await take()
  expect([told, sender.held]).toEqual([[], 10 + OVERHEAD])
  await take()
  expect([told, sender.held]).toEqual([[`done, ${10 + OVERHEAD} held`], 0])
  expect(writes[1]?.buffer).toBe(bytes.buffer)
})

test('few bytes hold no large buffer, many are not copied', async () => {
  const { sender, given, take } = scene()
  sender.add(reply(8_191))
  sender.flush()
  expect(given).toHaveLength(1)
  await take()
  sender.add(reply(8_192))
  sender.flush()
  expect(given).toHaveLength(1)
  await take()
  expect(given).toHaveLength(2)
  // What was reserved and not used is given back too.
  sender.reserve(100)
  sender.flush()
  expect(given).toHaveLength(3)
})

test('what was reserved counts when it is committed', () => {
  const { sender, writes } = scene()
  const first = sender.reserve(4)
  first.bytes.write('lost', first.at)
  const second = sender.reserve(4)
  expect(second.at).toBe(first.at)
  second.bytes.write('kept', second.at)
  sender.commit(4)
  expect(sender.reserve(4).at).toBe(first.at + 4)
  sender.flush()
  expect(writes.map(String)).toEqual(['kept'])
})

test('memory that is in use elsewhere counts until it is released', () => {
  const { sender, freed } = scene()
  sender.hold(1000)
  sender.hold(24)
  expect([sender.held, freed()]).toEqual([1024, 0])
  sender.release(1000)
  expect([sender.held, freed()]).toEqual([24, 1])
})
