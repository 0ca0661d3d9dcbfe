import { expect, test } from 'vitest'
import { BackOff } from '../../../src/chardev/link/back-off.ts'

const waits = (backOff: BackOff, count: number) =>
  Array.from({ length: count }, () => backOff.next())

test.each([
  [100, [100, 200, 400, 800, 1_600, 1_600]],
  [3_750, [3_750, 7_500, 15_000, 30_000, 60_000, 60_000]],
  [10_000, [10_000, 20_000, 40_000, 60_000, 60_000]],
  [60_000, [60_000, 60_000]],
  [90_000, [90_000, 90_000]],
])('after %d ms each wait is twice as long, up to 16 times as long or a minute', (first, all) => {
  const backOff = new BackOff(first)
  expect(waits(backOff, all.length)).toEqual(all)
  backOff.reset()
  expect(waits(backOff, all.length)).toEqual(all)
})
