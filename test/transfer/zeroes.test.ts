import { expect, test } from 'vitest'
import { findZeroes } from '../../src/transfer/zeroes.ts'

test('zeroes are found by the grain, and nothing else is', () => {
  const data = Buffer.alloc(0x2_0001)
  data[0x1_0000] = 1
  expect(findZeroes(data)).toEqual([
    { start: 0, end: 0x1_0000, isZero: true },
    { start: 0x1_0000, end: 0x1_8000, isZero: false },
    { start: 0x1_8000, end: 0x2_0001, isZero: true },
  ])
  expect(findZeroes(Buffer.alloc(0))).toEqual([])
})
