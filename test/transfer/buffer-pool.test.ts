import { expect, test } from 'vitest'
import { BufferPool, HEADER_ROOM, PIECE, SMALL_PIECE } from '../../src/transfer/buffer-pool.ts'

const MIB = 1 << 20

test.each([
  0,
  1,
  SMALL_PIECE,
  SMALL_PIECE + HEADER_ROOM,
  SMALL_PIECE + HEADER_ROOM + 1,
  PIECE,
  PIECE + HEADER_ROOM,
  MIB,
])('a buffer for %d bytes holds them, a used one too', (size) => {
  const pool = new BufferPool()
  const sizes = [1, SMALL_PIECE, PIECE, MIB]
  for (const buffer of sizes.map((one) => pool.take(one))) pool.give(buffer)
  expect(pool.take(size).length).toBeGreaterThanOrEqual(size)
})

test('what is shared is kept in two sizes, and what is larger has its own', () => {
  const pool = new BufferPool()
  const lengths = [1, 32_832, 32_833, 262_208, 262_209].map((size) => pool.take(size).length)
  expect(lengths).toEqual([32_832, 32_832, 262_208, 262_208, 262_209])
})

test('a buffer that was given back is used again, once', () => {
  const pool = new BufferPool()
  for (const size of [100, PIECE]) {
    const first = pool.take(size)
    pool.give(first)
    expect(pool.take(size)).toBe(first)
    expect(pool.take(size)).not.toBe(first)
  }
})

test('of what is given back, 16 MiB are kept, and nothing once the pool was cleared', () => {
  const pool = new BufferPool()
  const given = new Set(Array.from({ length: 100 }, () => pool.take(PIECE)))
  for (const buffer of given) pool.give(buffer)
  const kept = Array.from({ length: 100 }, () => pool.take(PIECE)).filter((one) => given.has(one))
  // 64 with room for a header are a little more than 16 MiB.
  expect(kept.length).toBe(64)
  for (const buffer of kept) pool.give(buffer)
  pool.clear()
  expect(given.has(pool.take(PIECE))).toBe(false)
})
