/** What is read of DER, by bytes written out by hand (ITU-T X.690), and what is refused. */
import { describe, expect, test } from 'vitest'
import {
  DER,
  type DerElement,
  readBits,
  readBoolean,
  readElements,
  readObjectIdentifier,
  readOnly,
  readSequence,
  readSmallInteger,
  readTime,
} from '../../src/asn1/der.ts'
import {
  enumerated,
  integer,
  objectIdentifier,
  time,
  unsignedInteger,
} from '../../src/asn1/der-writer.ts'

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

function one(hex: string): DerElement {
  const [element] = readElements(bytes(hex))
  if (!element) throw new Error(`no element in ${hex}`)
  return element
}

test('numbers are read up to four bytes', () => {
  expect(readSmallInteger(one('0201 00'))).toBe(0)
  expect(readSmallInteger(one('0201 7f'))).toBe(127)
  expect(readSmallInteger(one('0202 0080'))).toBe(128)
  expect(readSmallInteger(one('0204 7fffffff'))).toBe(2 ** 31 - 1)
})

test.each([
  ['none', '0200'],
  ['five bytes', '0205 0100000000'],
  ['negative', '0201 80'],
  ['another type', '0401 01'],
])('a number is refused: %s', (_, hex) => {
  expect(() => readSmallInteger(one(hex))).toThrow(RangeError)
})

test('a boolean is false for zero alone, and has one byte', () => {
  expect(['010100', '0101ff', '010101'].map((hex) => readBoolean(one(hex)))).toEqual([
    ...[false, true, true],
  ])
  expect(() => readBoolean(one('01020000'))).toThrow('boolean of many bytes')
  expect(() => readBoolean(one('0100'))).toThrow('boolean of many bytes')
})

test('bits are counted from the highest of the first byte', () => {
  expect(readBits(one('0303 07 80 80'))).toEqual([0, 8])
  expect(readBits(one('0302 00 03'))).toEqual([6, 7])
  expect(() => readBits(one('0300'))).toThrow('without its first byte')
})

test('only one element of the tag is taken for one', () => {
  expect(readOnly(bytes('3003 020105'), DER.sequence)).toHaveLength(1)
  expect(() => readOnly(bytes('3000 3000'), DER.sequence)).toThrow('not one element')
  expect(() => readOnly(bytes(''), DER.sequence)).toThrow('not one element')
  expect(() => readOnly(bytes('3100'), DER.sequence)).toThrow('no element of tag 48')
  expect(readSequence(bytes('3003 020105 0500'))).toHaveLength(1)
  expect(readSequence(bytes(''))).toEqual([])
})

test('lengths may have up to six bytes, and never reach beyond the end', () => {
  const long = Buffer.concat([bytes('0483 000100'), Buffer.alloc(256)])
  expect(readElements(long)[0]?.body).toHaveLength(256)
  expect(readElements(bytes('0486 000000000001 ff'))[0]?.body).toEqual(bytes('ff'))
  expect(() => readElements(Buffer.concat([long, bytes('0401')]))).toThrow('within an element')
})

/** In words of our own: those of Node.js would name its functions. */
test.each([
  ['04', 'DER ends behind a tag'],
  ['0401ff 04', 'DER ends behind a tag'],
  ['0401', 'DER ends within an element'],
  ['0402 ff', 'DER ends within an element'],
  ['0480', 'DER has a length that it cannot have'],
  ['0480 00000000', 'DER has a length that it cannot have'],
  ['0487 00000000000001 ff', 'DER has a length that it cannot have'],
  ['04ff 00000000000001 ff', 'DER has a length that it cannot have'],
  ['0481', 'DER ends within a length'],
  ['0482 01', 'DER ends within a length'],
  ['0486 0000000000', 'DER ends within a length'],
  ['0481 01', 'DER ends within an element'],
  ['1f8101 00', 'DER has a tag of many bytes'],
  ['bf01 00', 'DER has a tag of many bytes'],
])('%s is refused: %s', (hex, message) => {
  const read = () => readElements(bytes(hex))
  expect(read).toThrow(RangeError)
  expect(read).toThrow(new RegExp(`^${message}$`))
})

test('identifiers are exact whatever their arcs, and end with an arc', () => {
  expect(readObjectIdentifier(one('0603 2a8648'))).toBe('1.2.840')
  expect(readObjectIdentifier(one('0601 27'))).toBe('0.39')
  expect(readObjectIdentifier(one('0601 28'))).toBe('1.0')
  expect(readObjectIdentifier(one('0602 8837'))).toBe('2.999')
  expect(readObjectIdentifier(one('0601 4f'))).toBe('1.39')
  expect(readObjectIdentifier(one('0601 50'))).toBe('2.0')
  expect(readObjectIdentifier(one('0601 00'))).toBe('0.0')
  for (const hex of ['0600', '0602 2a86', '0401 2a', `0681 81 ${'01'.repeat(129)}`]) {
    expect(() => readObjectIdentifier(one(hex)), hex).toThrow('bad identifier')
  }
  expect(readObjectIdentifier(one(`0681 80 ${'01'.repeat(128)}`))).toMatch(/^0\.1\.1\./)
})

describe('times', () => {
  const read = (tag: string, text: string): string => {
    const hex = Buffer.from(text, 'latin1').toString('hex')
    const length = text.length.toString(16).padStart(2, '0')
    return readTime(one(`${tag}${length}${hex}`))
      .toISOString()
      .replace('.000Z', 'Z')
  }

  test('two digits of the year are of 1950 to 2049', () => {
    expect(read('17', '491231235959Z')).toBe('2049-12-31T23:59:59Z')
    expect(read('17', '500101000000Z')).toBe('1950-01-01T00:00:00Z')
    expect(read('18', '20500101000000Z')).toBe('2050-01-01T00:00:00Z')
  })

  test.each([
    ['17', '4912312359Z'],
    ['17', '491231235959+0100'],
    ['17', '20491231235959Z'],
    ['18', '120491231235959Z'],
    ['18', '20491231235959.5Z'],
    ['18', '20491231235959'],
    ['18', '20491331235959Z'],
    ['04', '20491231235959Z'],
  ])('refuses %s %s', (tag, text) => {
    expect(() => read(tag, text)).toThrow('malformed time')
  })

  test('refuses what is missing', () => {
    expect(() => readTime(undefined)).toThrow('malformed time')
  })

  test('the year decides the form in which a time is written', () => {
    const tagOf = (date: string): number | undefined => time(new Date(date))[0]
    expect(tagOf('1949-12-31T23:59:59Z')).toBe(DER.generalizedTime)
    expect(tagOf('1950-01-01T00:00:00Z')).toBe(DER.utcTime)
    expect(tagOf('2049-12-31T23:59:59Z')).toBe(DER.utcTime)
    expect(tagOf('2050-01-01T00:00:00Z')).toBe(DER.generalizedTime)
  })
})

test('numbers are written in their shortest form, with their sign', () => {
  const rows: readonly (readonly [Buffer, string])[] = [
    [integer(Buffer.alloc(0)), '020100'],
    [integer(bytes('0000')), '020100'],
    [integer(bytes('0000 7f')), '02017f'],
    [integer(bytes('0000 80')), '02020080'],
    [integer(bytes('ffff 80')), '020180'],
    [integer(bytes('ffff 7f')), '0202ff7f'],
    [unsignedInteger(255), '020200ff'],
    [unsignedInteger(0x1234), '02021234'],
    [enumerated(1), '0a0101'],
    [enumerated(128), '0a020080'],
  ]
  for (const [written, hex] of rows) expect(written.toString('hex')).toBe(hex)
  expect(() => unsignedInteger(-1)).toThrow(RangeError)
})

test.each(['11.2.3', '2.999.x', '1.2.', '.1.2', '1..2', '0.40', '2.01'])(
  '%j is no identifier',
  (dotted) => {
    expect(() => objectIdentifier(dotted)).toThrow(RangeError)
  },
)
