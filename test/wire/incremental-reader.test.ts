import { describe, expect, test } from 'vitest'
import { IncrementalReader } from '../../src/wire/incremental-reader.ts'
import { fc } from '../seed.ts'

const BYTES = Buffer.from(Array.from({ length: 600 }, (_, at) => at % 251))

/** A reader that has got all bytes in parts of these sizes, whose memory was used again. */
function readerOf(sizes: readonly number[]): IncrementalReader {
  const reader = new IncrementalReader()
  const part = Buffer.alloc(600)
  for (let at = 0, turn = 0; at < BYTES.length; turn++) {
    const length = Math.min(sizes[turn % sizes.length] ?? 1, BYTES.length - at)
    BYTES.copy(part, 0, at, at + length)
    reader.push(part.subarray(0, length))
    reader.keep()
    part.fill(0xff)
    at += length
  }
  return reader
}

const sizes = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 6 })

test('reads the same whatever the parts are', () => {
  fc.assert(
    fc.property(sizes, (drawn) => {
      const reader = readerOf(drawn)
      expect(reader.readUint8()).toBe(0)
      expect(reader.readUint16()).toBe(0x0102)
      expect(reader.readUint32()).toBe(0x0304_0506)
      expect(reader.peekUint64()).toBe(0x0708_090a * 2 ** 32 + 0x0b0c_0d0e)
      expect(reader.readUint64()).toBe(0x0708_090a * 2 ** 32 + 0x0b0c_0d0e)
      expect(reader.readBytes(85).equals(BYTES.subarray(15, 100))).toBe(true)
      reader.skip(200)
      expect([reader.offset, reader.available]).toEqual([300, 300])
      expect(reader.peek().equals(BYTES.subarray(300))).toBe(true)
    }),
  )
})

describe('a mark', () => {
  test('is gone back to, however often, also where parts came meanwhile', () => {
    fc.assert(
      fc.property(sizes, fc.nat(200), (drawn, before) => {
        const reader = readerOf(drawn)
        reader.skip(before)
        reader.mark(10_000)
        for (const length of [50, 120, 7]) {
          reader.readBytes(length)
          reader.push(Buffer.from('more'))
          expect(reader.marked).toBe(length)
          reader.rewind()
        }
        expect(reader.offset).toBe(before)
        expect(
          reader
            .peek()
            .subarray(0, 300)
            .equals(BYTES.subarray(before, before + 300)),
        ).toBe(true)
      }),
    )
  })

  test('is forgotten where more is read than it may keep', () => {
    const reader = readerOf([600])
    reader.mark(100)
    reader.skip(101)
    reader.keep()
    expect(reader.marked).toBe(0)
    reader.rewind()
    expect(reader.offset).toBe(101)
  })
})

test('never reads what has not arrived', () => {
  const reader = readerOf([600])
  reader.skip(598)
  expect(() => reader.readUint32()).toThrow(RangeError)
  expect(() => reader.skip(3)).toThrow(RangeError)
})
