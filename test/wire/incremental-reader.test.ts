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

describe('a mark in parts', () => {
  test('keeps as many bytes as it may, and not one more', () => {
    for (const [length, kept] of [
      [100, 100],
      [101, 0],
    ] as const) {
      const reader = readerOf([50])
      reader.mark(100)
      reader.skip(length)
      expect(reader.marked).toBe(length)
      reader.keep()
      expect(reader.marked).toBe(kept)
      reader.rewind()
      expect(reader.offset).toBe(length - kept)
      expect(reader.readUint8()).toBe(length - kept)
    }
  })

  test('is given up by its owner', () => {
    const reader = readerOf([600])
    reader.mark(100)
    reader.skip(7)
    reader.release()
    expect(reader.marked).toBe(0)
    reader.rewind()
    expect([reader.offset, reader.available]).toEqual([7, 593])
  })

  test('is kept while the memory moves, whatever was read before it', () => {
    const reader = new IncrementalReader(1000)
    reader.push(BYTES.subarray(0, 100))
    reader.skip(60)
    reader.mark(10_000)
    expect(reader.peekUint64()).toBe(0x3c3d_3e3f * 2 ** 32 + 0x4041_4243)
    expect(reader.readBytes(10).equals(BYTES.subarray(60, 70))).toBe(true)
    for (let at = 100; at < 600; at += 100) reader.push(BYTES.subarray(at, at + 100))
    expect([reader.offset, reader.available]).toEqual([1070, 530])
    expect(reader.peek().equals(BYTES.subarray(70))).toBe(true)
    expect(reader.readBytes(500).equals(BYTES.subarray(70, 570))).toBe(true)
    reader.rewind()
    expect([reader.offset, reader.available]).toEqual([1060, 540])
    expect(reader.readBytes(540).equals(BYTES.subarray(60))).toBe(true)
  })
})

/** What a reader does, held against the bytes as a whole. */
test('any order of parts, marks and reads gives the bytes that Buffer has at the place', () => {
  const work = fc.tuple(
    fc.constantFrom(
      ...(['push', 'push', 'keep', 'mark', 'rewind', 'release', 'peek', 'peek64'] as const),
      ...(['skip', 'bytes', 8, 16, 32, 64] as const),
    ),
    fc.nat(40),
  )
  fc.assert(
    fc.property(fc.array(work, { minLength: 20, maxLength: 60 }), (works) => {
      const reader = new IncrementalReader()
      let arrived = 0
      let at = 0
      let limit = 0
      let mark: number | undefined
      let part: Buffer = Buffer.alloc(0)
      const settle = () => {
        if (mark !== undefined && at - mark > limit) mark = undefined
        // The memory of what came before is the caller's again.
        part.fill(0xff)
      }
      for (const [what, number] of works) {
        const left = arrived - at
        const length = Math.min(number, left)
        if (what === 'push') {
          const next = Math.min(number, BYTES.length - arrived)
          const fresh = Buffer.from(BYTES.subarray(arrived, arrived + next))
          reader.push(fresh)
          settle()
          part = fresh
          arrived += next
        } else if (what === 'keep') {
          reader.keep()
          settle()
        } else if (what === 'mark') {
          reader.mark(number)
          mark = at
          limit = number
        } else if (what === 'rewind') {
          reader.rewind()
          at = mark ?? at
        } else if (what === 'release') {
          reader.release()
          mark = undefined
        } else if (what === 'peek') {
          expect(reader.peek().equals(BYTES.subarray(at, arrived))).toBe(true)
        } else if (what === 'peek64') {
          if (left >= 8) expect(reader.peekUint64()).toBe(Number(BYTES.readBigUInt64BE(at)))
          else expect(() => reader.peekUint64()).toThrow(RangeError)
        } else if (what === 'skip') {
          reader.skip(length)
          at += length
        } else if (what === 'bytes') {
          expect(reader.readBytes(length).equals(BYTES.subarray(at, at + length))).toBe(true)
          at += length
        } else {
          const size = what / 8
          const read = () => NUMBERS[what](reader)
          if (left >= size) expect(read()).toBe(numberAt(at, size))
          else expect(read).toThrow(RangeError)
          at += left >= size ? size : 0
        }
        expect([reader.offset, reader.available]).toEqual([at, arrived - at])
        expect(reader.marked).toBe(mark === undefined ? 0 : at - mark)
      }
    }),
    { numRuns: 300 },
  )
})

const NUMBERS = {
  8: (reader: IncrementalReader) => reader.readUint8(),
  16: (reader: IncrementalReader) => reader.readUint16(),
  32: (reader: IncrementalReader) => reader.readUint32(),
  64: (reader: IncrementalReader) => reader.readUint64(),
}

function numberAt(at: number, size: number): number {
  return Number(`0x${BYTES.subarray(at, at + size).toString('hex')}`)
}

test('what lies in one part is not copied, before a mark and after it', () => {
  const reader = new IncrementalReader()
  const part = Buffer.allocUnsafeSlow(64)
  BYTES.copy(part)
  reader.push(part)
  expect(reader.readBytes(8).buffer).toBe(part.buffer)
  expect(reader.peek().buffer).toBe(part.buffer)
  reader.skip(8)
  expect(reader.readUint8()).toBe(16)
  reader.mark(10)
  expect(reader.peek().buffer).not.toBe(part.buffer)
})

test('says whether a part may follow', () => {
  const reader = new IncrementalReader(7)
  expect([reader.isEnded, reader.available, reader.offset, reader.marked]).toEqual([false, 0, 7, 0])
  reader.end()
  expect(reader.isEnded).toBe(true)
})

test.each([
  ['in one part', false],
  ['in two parts', true],
])('reads the last bytes %s, and nothing behind them', (_, isSplit) => {
  const reader = new IncrementalReader()
  reader.push(Buffer.of(1, 2, 3))
  if (isSplit) reader.push(Buffer.of(4, 5))
  const left = isSplit ? 5 : 3
  expect(() => reader.readBytes(left + 1)).toThrow(RangeError)
  expect(() => reader.skip(left + 1)).toThrow(RangeError)
  expect(() => reader.readUint64()).toThrow(RangeError)
  expect(() => reader.peekUint64()).toThrow(RangeError)
  expect([reader.offset, reader.available]).toEqual([0, left])
  reader.skip(left - 1)
  expect(() => reader.readUint16()).toThrow(RangeError)
  expect(reader.readUint8()).toBe(left)
  expect(() => reader.readUint8()).toThrow(RangeError)
  expect(reader.peek()).toHaveLength(0)
})

test('never reads what has not arrived', () => {
  const reader = readerOf([600])
  reader.skip(598)
  expect(() => reader.readUint32()).toThrow(RangeError)
  expect(() => reader.skip(3)).toThrow(RangeError)
})
