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

/** The pieces of a disk that is asked about, and what it was asked. */
async function planOf(
  extents: (offset: number, length: number) => readonly { length: number; isZero: boolean }[],
  ranges: readonly (readonly [number, number])[],
  alignment = 1,
) {
  const asked: (readonly [number, number])[] = []
  const source = {
    extents: async (offset: number, length: number) => {
      asked.push([offset, length])
      return extents(offset, length)
    },
  }
  const pieces: (readonly [number, number, boolean])[] = []
  for await (const { offset, length, isZero } of planPieces(source, ranges, alignment)) {
    pieces.push([offset, length, isZero])
  }
  return { asked, pieces }
}

const [MIB, GIB] = [1 << 20, 1 << 30]

test('a disk is asked about by the GiB, and zeroes are cut at 128 MiB', async () => {
  const { asked, pieces } = await planOf(
    (_, length) => [{ length, isZero: true }],
    [[0, 2.25 * GIB]],
  )
  expect(asked).toEqual([
    [0, GIB],
    [GIB, GIB],
    [2 * GIB, GIB / 4],
  ])
  const starts = Array.from({ length: 18 }, (_, index) => index * 128 * MIB)
  expect(pieces).toEqual(starts.map((start) => [start, 128 * MIB, true]))
})

test('data is cut at 256 KiB, and only what is missing is planned', async () => {
  const ranges = [
    [4096, 4096 + 600_000],
    [MIB, MIB + 1],
  ] as const
  const { asked, pieces } = await planOf((_, length) => [{ length, isZero: false }], ranges)
  expect(asked).toEqual([
    [4096, 600_000],
    [MIB, 1],
  ])
  expect(pieces).toEqual([
    [4096, 262_144, false],
    [4096 + 262_144, 262_144, false],
    [4096 + 524_288, 600_000 - 524_288, false],
    [MIB, 1, false],
  ])
  expect((await planOf(() => [], [])).asked).toEqual([])
})

test.each([
  [
    1,
    [
      [0, 4096, false],
      [4096, 12_288, true],
      [16_384, 49_152, false],
    ],
  ],
  [
    8192,
    [
      [0, 8192, false],
      [8192, 8192, true],
      [16_384, 49_152, false],
    ],
  ],
  [
    16_384,
    [
      [0, 16_384, false],
      [16_384, 49_152, false],
    ],
  ],
])('holes are cut by 4096 bytes, and by blocks of %d where they are larger', async (...row) => {
  const [alignment, expected] = row
  const extents = [
    { length: 100, isZero: false },
    { length: 16_384, isZero: true },
    { length: 65_536 - 16_484, isZero: false },
  ]
  const { pieces } = await planOf(() => extents, [[0, 65_536]], alignment)
  expect(pieces).toEqual(expected)
})

test.each([
  // The border of data is moved on, that of zeroes back.
  [[10, false], [6, true], [[0, 16, false]]],
  [
    [16, false],
    [16, true],
    [
      [0, 16, false],
      [16, 16, true],
    ],
  ],
  [
    [17, false],
    [47, true],
    [
      [0, 32, false],
      [32, 32, true],
    ],
  ],
  [
    [16, true],
    [1, false],
    [
      [0, 16, true],
      [16, 16, false],
    ],
  ],
  [
    [31, true],
    [1, false],
    [
      [0, 16, true],
      [16, 16, false],
    ],
  ],
  [[5, true], [5, true], [[0, 16, false]]],
  [[200, true], [1, false], [[0, 160, true]]],
  [[200, false], [1, true], [[0, 160, false]]],
  [[160, true], [1, false], [[0, 160, true]]],
  [
    [155, true],
    [5, true],
    [
      [0, 144, true],
      [144, 16, true],
    ],
  ],
  [[155, true], [4, true], [[0, 144, true]]],
  [[155, false], [5, true], [[0, 160, false]]],
] as const)('%j and %j of 160 bytes are %j', (one, other, expected) => {
  const given = [one, other].map(([length, isZero]) => ({ length, isZero }))
  const pieces = alignExtents(given, 0, 160, 16)
  expect(pieces.map(({ offset, length, isZero }) => [offset, length, isZero])).toEqual(expected)
})

test.each([
  // The last block of a disk may be short.
  [
    [
      [100, false],
      [55, true],
    ],
    [
      [0, 112, false],
      [112, 43, true],
    ],
  ],
  [[[155, true]], [[0, 155, true]]],
  [[[155, false]], [[0, 155, false]]],
  [[[154, true]], [[0, 144, true]]],
  [
    [
      [150, true],
      [5, false],
    ],
    [
      [0, 144, true],
      [144, 11, false],
    ],
  ],
] as const)('%j of 155 bytes are %j', (given, expected) => {
  const extents = given.map(([length, isZero]) => ({ length, isZero }))
  const pieces = alignExtents(extents, 0, 155, 16)
  expect(pieces.map(({ offset, length, isZero }) => [offset, length, isZero])).toEqual(expected)
})
