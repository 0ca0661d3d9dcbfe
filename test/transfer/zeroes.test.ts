import { expect, test } from 'vitest'
import { findZeroes, isZero, ZEROES } from '../../src/transfer/zeroes.ts'

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

test('one byte that is not zero is seen, wherever it stands', () => {
  expect(ZEROES.length).toBe(262_144)
  for (const length of [0, 1, 262_143, 262_144, 262_145, 2 * 262_144]) {
    const data = Buffer.alloc(length)
    expect(isZero(data)).toBe(true)
    for (const at of [0, 262_143, 262_144, length - 1]) {
      if (at < 0 || at >= length) continue
      data[at] = 1
      expect(isZero(data)).toBe(false)
      data[at] = 0
    }
  }
})

test('runs begin at blocks that are larger than the grain', () => {
  const data = Buffer.alloc(0x4_0000)
  data[0x1_0000] = 1
  expect(findZeroes(data, 0x2_0000)).toEqual([
    { start: 0, end: 0x2_0000, isZero: false },
    { start: 0x2_0000, end: 0x4_0000, isZero: true },
  ])
  // A run of zeroes that is smaller than the grain is data.
  expect(findZeroes(data.subarray(0x1_0000, 0x2_0000), 512)).toEqual([
    { start: 0, end: 0x8000, isZero: false },
    { start: 0x8000, end: 0x1_0000, isZero: true },
  ])
})
