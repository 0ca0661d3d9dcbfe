import { expect, test } from 'vitest'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { fc } from '../../seed.ts'

const SIZE = 1_000_000

const range = fc
  .tuple(fc.nat(SIZE - 1), fc.oneof(fc.nat(200), fc.nat(200_000), fc.constant(SIZE)))
  .map(([offset, length]) => ({ offset, length: Math.min(length, SIZE - offset) }))

const operation = fc.oneof(
  fc.record({ kind: fc.constant('write'), range, byte: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constantFrom('trim', 'zero', 'allocate'), range, byte: fc.constant(0) }),
)

test('does what an array of bytes does, and knows where it holds nothing', async () => {
  const property = fc.asyncProperty(
    fc.array(operation, { maxLength: 20 }),
    range,
    async (operations, asked) => {
      const storage = new MemoryStorage(SIZE)
      const model = Buffer.alloc(SIZE)
      for (const { kind, range: place, byte } of operations) {
        const { offset, length } = place
        model.fill(byte, offset, offset + length)
        if (kind === 'write') await storage.write([Buffer.alloc(length, byte)], offset)
        else if (kind === 'trim') await storage.trim(offset, length)
        else await storage.zero(offset, length, { keepAllocated: kind === 'allocate', fast: true })
      }
      const bytes = Buffer.alloc(SIZE + 1, 0xaa)
      await storage.read(bytes, 1, SIZE, 0)
      expect(bytes.subarray(1).equals(model)).toBe(true)
      if (asked.length > 0) await expectTrueExtents(storage, model, asked)
    },
  )
  await fc.assert(property, { numRuns: 100 })
})

async function expectTrueExtents(
  storage: MemoryStorage,
  model: Buffer,
  { offset, length }: { offset: number; length: number },
): Promise<void> {
  const extents = await storage.extents(offset, length, 1000)
  let at = offset
  for (const extent of extents) {
    expect(extent.length).toBeGreaterThan(0)
    const bytes = model.subarray(at, at + extent.length)
    if (extent.isZero) expect(bytes.equals(Buffer.alloc(bytes.length))).toBe(true)
    at += extent.length
  }
  expect(at).toBe(offset + length)
  expect(await storage.extents(offset, length, 1)).toEqual(extents.slice(0, 1))
}

test('a large disk takes only what is written to it, and gives it back', async () => {
  const storage = new MemoryStorage(2 ** 50)
  for (const offset of [0, 2 ** 40 - 1, 2 ** 50 - 2])
    await storage.write([Buffer.alloc(2, 1)], offset)
  expect(storage.allocated).toBe(4 * 65_536)
  await storage.trim(1, 2 ** 50 - 2)
  expect(storage.allocated).toBe(2 * 65_536)
  await storage.zero(0, 2 ** 50, { keepAllocated: false, fast: true })
  expect(storage.allocated).toBe(0)
})

test('zeroes that stay allocated take their pages at once, in each part of a long range', async () => {
  const storage = new MemoryStorage(2 ** 30)
  const [offset, length] = [65_536 + 1, 100 * 1024 * 1024]
  await storage.zero(offset, length, { keepAllocated: true, fast: false })
  expect(storage.allocated).toBe(length + 65_536)
  const [hole, data] = await storage.extents(0, length, 2)
  expect(hole).toEqual({ length: 65_536, isHole: true, isZero: true })
  expect(data).toMatchObject({ isHole: false })
  await storage.zero(offset, length, { keepAllocated: false, fast: false })
  expect(storage.allocated).toBe(2 * 65_536)
})

test('zeroes that are no longer wanted take no more pages', async () => {
  const storage = new MemoryStorage(2 ** 30)
  let asked = 0
  const isWanted = () => asked++ === 0
  await storage.zero(0, 2 ** 30, { keepAllocated: true, fast: false, isWanted })
  expect(storage.allocated).toBe(2 ** 26)
})

test('memory is given back when the storage is closed', async () => {
  const storage = new MemoryStorage(2 ** 20)
  await storage.write([Buffer.alloc(10, 1)], 0)
  expect(storage.allocated).toBe(65_536)
  await storage.close()
  expect(storage.allocated).toBe(0)
})
