/** The values of options, as QEMU and nbdkit write them. */
import { expect, test } from 'vitest'
import { parseSize } from '../../src/cli/option-values.ts'

test('a size has the units of QEMU, up to what a number holds', () => {
  expect(parseSize('7P')).toBe(7 * 2 ** 50)
  expect(parseSize('9007199254740991')).toBe(2 ** 53 - 1)
})

test.each(['8P', '1E', '7E', '9007199254740992'])('%s is told to be too large', (text) => {
  expect(() => parseSize(text)).toThrow('the largest size here is 2^53 - 1 bytes')
})

test.each(['', '1X', '-1', 'E', '1.5G'])('`%s` is no size', (text) => {
  expect(() => parseSize(text)).toThrow('a size is a number with K, M, G, T, P or E behind it')
})
