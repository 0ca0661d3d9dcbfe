import { expect, test } from 'vitest'
import { ByteRanges } from '../../src/transfer/byte-ranges.ts'
import { fc } from '../seed.ts'

const SIZE = 64

test('ranges hold what was added, and miss the rest', () => {
  const range = fc.tuple(fc.nat(SIZE), fc.nat(SIZE))
  const property = fc.property(fc.array(range, { maxLength: 30 }), (added) => {
    const model = new Set<number>()
    const ranges = new ByteRanges()
    for (const [start, end] of added) {
      ranges.add(start, end)
      for (let byte = start; byte < end; byte++) model.add(byte)
    }
    const held = bytesOf(ranges.toArray())
    expect(held).toEqual([...model].toSorted((a, b) => a - b))
    expect(ranges.total).toBe(model.size)
    expect(isInOrder(ranges.toArray())).toBe(true)
    for (const size of [0, SIZE / 2, SIZE]) {
      const missing = ranges.missing(size)
      expect(isInOrder(missing)).toBe(true)
      const below = Array.from({ length: size }, (_, byte) => byte)
      expect(bytesOf(missing)).toEqual(below.filter((byte) => !model.has(byte)))
    }
    expect(new ByteRanges(ranges.toArray()).toArray()).toEqual(ranges.toArray())
  })
  fc.assert(property, { numRuns: 300 })
})

test('what is missing are ranges with bytes, within the size', () => {
  expect(
    new ByteRanges([
      [0, 5],
      [7, 9],
    ]).missing(12),
  ).toEqual([
    [5, 7],
    [9, 12],
  ])
  expect(
    new ByteRanges([
      [0, 5],
      [20, 30],
    ]).missing(12),
  ).toEqual([[5, 12]])
  expect(new ByteRanges([[0, 12]]).missing(12)).toEqual([])
  expect(new ByteRanges().missing(0)).toEqual([])
})

/** Each has bytes, and there are others between it and the next. */
function isInOrder(ranges: readonly (readonly [number, number])[]): boolean {
  return ranges.every(
    ([start, end], index) =>
      start < end && end < (ranges[index + 1]?.[0] ?? Number.POSITIVE_INFINITY),
  )
}

function bytesOf(ranges: readonly (readonly [number, number])[]): readonly number[] {
  return ranges.flatMap(([start, end]) =>
    Array.from({ length: end - start }, (_, index) => start + index),
  )
}
