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
