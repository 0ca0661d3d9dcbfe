/** The values of options, as QEMU and nbdkit write them. */
import { expect, test } from 'vitest'
import { parseSize, parseWait } from '../../src/cli/option-values.ts'

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

test.each(['0', '-1', '1.5', '2147484', '9999999999', '99999999999999999999'])(
  'no command waits %s seconds, and says what it takes',
  (text) => {
    expect(() => parseWait(text)).toThrow('it has to be a whole number from 1 to 2147483.')
    expect(parseWait('2147483')).toBe(2_147_483)
  },
)
