import { expect, test } from 'vitest'
import { inOrder } from '../../src/cli/in-order.ts'

const LIMITS = { atOnce: 2, waiting: 1 }

/** Work whose ends are in the hands of the test. */
function openWork() {
  const ends: PromiseWithResolvers<string>[] = []
  const work = (): Promise<string> => {
    const end = Promise.withResolvers<string>()
    ends.push(end)
    return end.promise
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { ends, work, turn }
}

test('results have the order of the items, and so many items run and wait as may', async () => {
  const { ends, work, turn } = openWork()
  const results = inOrder(['a', 'b', 'c', 'd', 'e'], LIMITS, work)
  const first = results.next()
  await turn()
  expect(ends).toHaveLength(2)
  ends[1]?.resolve('second')
  await turn()
  expect(ends).toHaveLength(3)
  ends[2]?.resolve('third')
  await turn()
  // Two results wait for the first: no further item is begun.
  expect(ends).toHaveLength(3)
  ends[0]?.resolve('first')
  expect((await first).value).toBe('first')
  expect((await results.next()).value).toBe('second')
  expect((await results.next()).value).toBe('third')
  for (const end of ends) end.resolve('late')
  expect((await results.next()).value).toBe('late')
})

test('an error is thrown in its turn; where the reader leaves, no further item is begun', async () => {
  const { ends, work, turn } = openWork()
  const results = inOrder(['a', 'b', 'c', 'd', 'e'], { atOnce: 2, waiting: 100 }, work)
  const first = results.next()
  await turn()
  ends[1]?.reject(new Error('of the second'))
  ends[0]?.resolve('first')
  expect((await first).value).toBe('first')
  await expect(results.next()).rejects.toThrow('of the second')
  const begun = ends.length
  for (const end of ends) end.resolve('late')
  await turn()
  expect(ends).toHaveLength(begun)
})
