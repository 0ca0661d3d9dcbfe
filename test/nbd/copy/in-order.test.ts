import { expect, test } from 'vitest'
import { InOrder } from '../../../src/nbd/copy/in-order.ts'

test.each([1, 2, 16])(
  'of works side by side, %d at a time, results are taken in order',
  async (limit) => {
    let [atWork, most] = [0, 0]
    const taken: number[] = []
    const queue = new InOrder<number>(limit, async (result) => void taken.push(result))
    const work = async (number: number): Promise<number> => {
      most = Math.max(most, ++atWork)
      // Later ones end earlier.
      for (let turns = 40 - number; turns > 0; turns--) await new Promise(setImmediate)
      atWork--
      return number
    }
    for (let number = 0; number < 40; number++) await queue.add(work(number))
    await queue.end()
    expect(taken).toEqual(Array.from({ length: 40 }, (_, number) => number))
    expect(most).toBe(limit)
  },
)
