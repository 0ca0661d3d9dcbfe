import { expect, test } from 'vitest'
import type { CopySource } from '../../../src/nbd/copy/copy-end.ts'
import { alignExtents, planPieces } from '../../../src/nbd/copy/copy-plan.ts'
import { fc } from '../../seed.ts'

const extents = fc.array(
  fc.record({ length: fc.integer({ min: 1, max: 40 }), isZero: fc.boolean() }),
  {
    minLength: 1,
    maxLength: 12,
  },
)

test('pieces stand side by side, on blocks, and hide no data behind zeroes', () => {
  const property = fc.property(extents, fc.constantFrom(1, 4, 16), (given, alignment) => {
    const end = 160
    const pieces = alignExtents(given, 0, end, alignment)
    let at = 0
    for (const piece of pieces) {
      expect(piece.offset).toBe(at)
      expect(piece.offset % alignment).toBe(0)
      at += piece.length
      if (piece.isZero) expect(isZeroIn(given, piece.offset, at)).toBe(true)
    }
    expect(at).toBeGreaterThan(0)
    expect(at === end || at % alignment === 0).toBe(true)
  })
  fc.assert(property, { numRuns: 300 })
})

function isZeroIn(
  given: readonly { length: number; isZero: boolean }[],
  start: number,
  end: number,
): boolean {
  let border = 0
  return given.every(({ length, isZero }) => {
    const first = border
    border += length
    return isZero || border <= start || first >= end
  })
}

test('a plan covers every byte once, however little a source says at a time', async () => {
  const property = fc.asyncProperty(extents, async (given) => {
    let asked = 0
    const source = {
      extents: async (_: number, length: number) => {
        const extent = given[asked++ % given.length] ?? { length: 1, isZero: false }
        return [{ ...extent, length: Math.min(extent.length, length) }]
      },
    } as unknown as CopySource
    let at = 0
    for await (const { offset, length } of planPieces(source, [[0, 1000]], 16)) {
      expect(offset).toBe(at)
      at += length
    }
    expect(at).toBe(1000)
  })
  await fc.assert(property, { numRuns: 100 })
})

test('a source that tells of little at a time is not asked for ever, and all of it is read', async () => {
  let asked = 0
  const source = {
    extents: async (offset: number) => {
      asked++
      return [{ length: 1, isZero: offset % 8192 === 0 }]
    },
  }
  const end = 3 << 20
  let at = 0
  for await (const { offset, length, isZero } of planPieces(source, [[0, end]], 1, 100)) {
    expect(offset).toBe(at)
    expect(isZero).toBe(false)
    at += length
  }
  expect(at).toBe(end)
  expect(asked).toBe(100)
})

test('holes that are smaller than a block of a disk are read with what is around them', async () => {
  const extents = Array.from({ length: 1 << 16 }, (_, index) => ({
    length: 1,
    isZero: index % 2 === 0,
  }))
  const source = { extents: async () => extents }
  const pieces = []
  for await (const piece of planPieces(source, [[0, 1 << 16]], 1)) pieces.push(piece)
  expect(pieces.length).toBeLessThanOrEqual(16)
})
