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
