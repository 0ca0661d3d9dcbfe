import { expect, test } from 'vitest'
import { bitLength } from '../../src/wire/bit-length.ts'
import { ByteReader, type LengthSize } from '../../src/wire/byte-reader.ts'
import { ByteWriter } from '../../src/wire/byte-writer.ts'
import { ProtocolError } from '../../src/wire/protocol-error.ts'
import { fc } from '../seed.ts'

/** The bytes of a number that DataView, an independent writer, makes. */
function bytesOf(write: (view: DataView) => void, length: number): Buffer {
  const view = new DataView(new ArrayBuffer(length))
  write(view)
  return Buffer.from(view.buffer)
}

test('writes numbers as network byte order says', () => {
  expect(new ByteWriter().uint8(0xab).finish()).toEqual(bytesOf((v) => v.setUint8(0, 0xab), 1))
  expect(new ByteWriter().uint16(0x0102).finish()).toEqual(
    bytesOf((v) => v.setUint16(0, 0x0102), 2),
  )
  expect(new ByteWriter().uint24(0x010203).finish()).toEqual(Buffer.from('010203', 'hex'))
  expect(new ByteWriter().uint32(0xfffefdfc).finish()).toEqual(Buffer.from('fffefdfc', 'hex'))
  const large = 2n ** 64n - 1n
  expect(new ByteWriter().uint64(large).finish()).toEqual(
    bytesOf((v) => v.setBigUint64(0, large), 8),
  )
  const exact = Number.MAX_SAFE_INTEGER
  expect(new ByteWriter().uint64(exact).finish()).toEqual(
    bytesOf((v) => v.setBigUint64(0, BigInt(exact)), 8),
  )
})

test('reads what it wrote', () => {
  const numbers = fc.record({
    a: fc.integer({ min: 0, max: 0xff }),
    b: fc.integer({ min: 0, max: 0xffff }),
    c: fc.integer({ min: 0, max: 0xff_ffff }),
    d: fc.integer({ min: 0, max: 0xffff_ffff }),
    e: fc.maxSafeNat(),
    f: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    body: fc.uint8Array({ maxLength: 300 }),
  })
  fc.assert(
    fc.property(numbers, ({ a, b, c, d, e, f, body }) => {
      const bytes = new ByteWriter()
        .uint8(a)
        .uint16(b)
        .uint24(c)
        .uint32(d)
        .uint64(e)
        .uint64(f)
        .vector(2, (writer) => writer.bytes(Buffer.from(body)))
        .finish()
      const reader = new ByteReader(bytes, 'a message')
      const read = [reader.readUint8(), reader.readUint16(), reader.readUint24()]
      expect(read).toEqual([a, b, c])
      expect([reader.readUint32(), reader.readUint64()]).toEqual([d, e])
      expect(reader.readBigUint64()).toBe(f)
      expect([...reader.readVector(2)]).toEqual([...body])
      reader.end()
    }),
  )
})

test('refuses every proper prefix of a vector, and bytes behind it', () => {
  for (const size of [1, 2, 3, 4] as const satisfies readonly LengthSize[]) {
    const bytes = new ByteWriter().vector(size, (writer) => writer.uint32(7)).finish()
    for (let length = 0; length < bytes.length; length++) {
      const reader = new ByteReader(bytes.subarray(0, length), 'a vector')
      expect(() => reader.readVector(size)).toThrow(ProtocolError)
    }
    const reader = new ByteReader(Buffer.concat([bytes, Buffer.of(0)]), 'a vector')
    reader.readVector(size)
    expect(() => reader.end()).toThrow('a vector with 1 bytes too many')
  }
})

test('reads a part within its own bounds', () => {
  const bytes = new ByteWriter()
    .vector(2, (outer) => outer.vector(1, (inner) => inner.uint16(0x1234)).uint8(9))
    .finish()
  const outer = new ByteReader(bytes, 'the outer').readPart(2)
  const inner = outer.readPart(1, 'the inner')
  expect(inner.readUint16()).toBe(0x1234)
  expect(() => inner.readUint8()).toThrow('the inner cut short after 2 bytes')
  expect([outer.offset, outer.remaining]).toEqual([3, 1])
})

test('refuses a number that a JavaScript number does not hold', () => {
  const bytes = new ByteWriter().uint64(2n ** 53n).finish()
  expect(() => new ByteReader(bytes, 'a size').readUint64()).toThrow('a size with a number above')
  expect(new ByteReader(bytes, 'a size').readBigUint64()).toBe(2n ** 53n)
})

test('refuses a vector that is longer than its length can say', () => {
  const write = () => new ByteWriter().vector(1, (writer) => writer.bytes(Buffer.alloc(256)))
  expect(write).toThrow(RangeError)
})

test.each([
  ['', 0],
  ['00', 0],
  ['01', 1],
  ['02', 2],
  ['7f', 7],
  ['80', 8],
  ['0080', 8],
  ['0100', 9],
  ['ffff', 16],
  ['000001000000', 25],
])('the number %s has %i bits', (hex, bits) => {
  expect(bitLength(Buffer.from(hex, 'hex'))).toBe(bits)
})

test.each([
  [0, '0000000000000000'],
  [2 ** 32 - 1, '00000000ffffffff'],
  [2 ** 32, '0000000100000000'],
  [2 ** 32 + 1, '0000000100000001'],
  [2 ** 53 - 1, '001fffffffffffff'],
])('the 64 bits of %i are %s, and are read as that', (value, hex) => {
  const bytes = new ByteWriter().uint64(value).finish()
  expect(bytes.toString('hex')).toBe(hex)
  expect(new ByteReader(bytes, 'a size').readUint64()).toBe(value)
})

test('a number is cut short where one byte of it is missing', () => {
  const read: readonly (readonly [number, (reader: ByteReader) => unknown])[] = [
    [1, (reader) => reader.readUint8()],
    [2, (reader) => reader.readUint16()],
    [3, (reader) => reader.readUint24()],
    [4, (reader) => reader.readUint32()],
    [8, (reader) => reader.readUint64()],
    [8, (reader) => reader.readBigUint64()],
    [5, (reader) => reader.readBytes(5)],
  ]
  for (const [length, work] of read) {
    const whole = new ByteReader(Buffer.alloc(length + 1), 'a number')
    whole.readUint8()
    work(whole)
    expect([whole.offset, whole.remaining]).toEqual([length + 1, 0])
    whole.end()
    const short = new ByteReader(Buffer.alloc(length), 'a number')
    short.readUint8()
    expect(() => work(short)).toThrow(`a number cut short after ${length} bytes`)
    expect(short.offset).toBe(1)
  }
})

test('the rest is what was not read, and may be nothing', () => {
  const reader = new ByteReader(Buffer.from('abc'), 'a text')
  reader.readUint8()
  expect(String(reader.readRest())).toBe('bc')
  expect(String(reader.readRest())).toBe('')
  expect(new ByteReader(Buffer.of(1, 7, 9), 'a part').readPart(1).what).toBe('a part')
})

test('a writer tells how much was written, parts within parts too', () => {
  const writer = new ByteWriter()
  expect(writer.length).toBe(0)
  writer.uint8(1).vector(2, (part) => part.uint16(7).vector(1, () => {}))
  expect(writer.length).toBe(6)
  expect(writer.finish().toString('hex')).toBe('010003000700')
})
