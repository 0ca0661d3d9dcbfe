import { expect, test } from 'vitest'
import { workThrough } from '../../src/transfer/workers.ts'

async function* upTo(count: number): AsyncGenerator<number, void> {
  for (let piece = 0; piece < count; piece++) yield piece
}

/** The most that were at work at a time, and what was done. */
async function watchWork(count: number, workers: (done: number) => number) {
  const done: number[] = []
  let [atWork, most] = [0, 0]
  const makeWorker = () => async (piece: number) => {
    most = Math.max(most, ++atWork)
    await new Promise((resolve) => setImmediate(resolve))
    atWork--
    done.push(piece)
  }
  await workThrough(upTo(count), () => workers(done.length), makeWorker)
  return { most, done: done.toSorted((a, b) => a - b) }
}

test('as many work as there have to be, and each piece is done once', async () => {
  const all = Array.from({ length: 20 }, (_, piece) => piece)
  expect(await watchWork(20, () => 1)).toEqual({ most: 1, done: all })
  expect(await watchWork(20, () => 4)).toEqual({ most: 4, done: all })
})

test('more are hired when there may be more', async () => {
  expect((await watchWork(20, (done) => (done < 5 ? 1 : 3))).most).toBe(3)
})

test('no piece is begun once the work is given up, and the list of pieces is closed', async () => {
  const cut = new AbortController()
  const [done, closed]: number[][] = [[], []]
  async function* pieces() {
    try {
      yield* upTo(100)
    } finally {
      closed?.push(1)
    }
  }
  const makeWorker = () => async (piece: number) => {
    done?.push(piece)
    if (piece === 3) cut.abort()
  }
  await workThrough(pieces(), () => 1, makeWorker, cut.signal)
  expect([done, closed]).toEqual([[0, 1, 2, 3], [1]])
  await workThrough(pieces(), () => 1, makeWorker, cut.signal)
  expect(done).toHaveLength(4)
})

test('an error of the list of pieces ends the work', async () => {
  async function* pieces() {
    yield 1
    throw new Error('no list')
  }
  await expect(
    workThrough(
      pieces(),
      () => 2,
      () => async () => {},
    ),
  ).rejects.toThrow('no list')
})

test('of several errors the first is thrown', async () => {
  const makeWorker = () => async (piece: number) => {
    for (let turn = 3; turn > piece; turn--) await new Promise((resolve) => setImmediate(resolve))
    throw new Error(`piece ${piece}`)
  }
  await expect(workThrough(upTo(3), () => 3, makeWorker)).rejects.toThrow('piece 2')
})

test('the first error ends the work of all, and is thrown when they have ended', async () => {
  let [atWork, begun] = [0, 0]
  const makeWorker = () => async (piece: number) => {
    atWork++
    begun++
    await new Promise((resolve) => setImmediate(resolve))
    atWork--
    if (piece === 2) throw new Error('no more')
  }
  await expect(workThrough(upTo(1000), () => 3, makeWorker)).rejects.toThrow('no more')
  expect(atWork).toBe(0)
  expect(begun).toBeLessThan(10)
})
