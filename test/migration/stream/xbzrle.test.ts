import { expect, test } from 'vitest'
import { applyXbzrle } from '../../../src/migration/stream/xbzrle.ts'
import { fc } from '../../seed.ts'

test('puts new bytes between those that stay', () => {
  const page = Buffer.from('abcdefgh')
  expect(applyXbzrle(Buffer.from([2, 1, 0x58, 3, 2, 0x59, 0x5a]), page)).toBe(true)
  expect(page.toString()).toBe('abXdefYZ')
})

test('a length may have two bytes, the low bits first', () => {
  const page = Buffer.alloc(4096)
  expect(applyXbzrle(Buffer.from([0x80, 0x1f, 1, 7]), page)).toBe(true)
  expect(page.indexOf(7)).toBe(0xf80)
})

test.each([
  ['a run that is cut', [0, 3, 1]],
  ['a length that is cut', [0x80]],
  ['no length of new bytes', [5]],
  ['an empty run of new bytes', [1, 0]],
  ['a run beyond the page', [7, 2, 1, 1]],
  ['a length of three bytes', [0x80, 0x80, 1, 1, 1]],
])('%s is refused', (_, encoded) => {
  expect(applyXbzrle(Buffer.from(encoded), Buffer.alloc(8))).toBe(false)
})

test('no bytes write beyond the page', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (encoded) => {
      const memory = Buffer.alloc(96, 0xee)
      applyXbzrle(Buffer.from(encoded), memory.subarray(32, 64))
      expect(memory.subarray(0, 32).every((byte) => byte === 0xee)).toBe(true)
      expect(memory.subarray(64).every((byte) => byte === 0xee)).toBe(true)
    }),
  )
})
