import { isIP } from 'node:net'
import { describe, expect, test } from 'vitest'
import { parseIpAddress, printIpAddress, printShortIpAddress } from '../../src/wire/ip-address.ts'
import { fc } from '../seed.ts'

const bytes = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // Runs of zeros, which the short form leaves out.
  fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 }),
)

/** The short form by the WHATWG's URL Standard, which is that of RFC 5952 in hexadecimal. */
function shortByNode(address: string): string {
  return isIP(address) === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1)
}

test('what is printed is read, and is printed as others print it', () => {
  fc.assert(
    fc.property(bytes, (values) => {
      const address = Buffer.from(values)
      const [long, short] = [printIpAddress(address), printShortIpAddress(address)]
      expect(parseIpAddress(long)).toEqual(address)
      expect(parseIpAddress(short)).toEqual(address)
      expect(short).toBe(shortByNode(long))
    }),
    { numRuns: 2000 },
  )
})

test('is an address exactly where node:net sees one without a zone', () => {
  const piece = fc.constantFrom(
    ...['0', '1', '255', '256', '01', 'ffff', 'fffff', 'g', '::', ':', '.', '1.2.3.4', '%', ''],
  )
  const text = fc.array(piece, { maxLength: 17 }).map((parts) => parts.join(''))
  const joined = fc.array(piece, { maxLength: 9 }).map((parts) => parts.join(':'))
  fc.assert(
    fc.property(fc.oneof(text, joined), (given) => {
      const isAddress = isIP(given) !== 0 && !given.includes('%')
      expect(parseIpAddress(given) !== undefined).toBe(isAddress)
    }),
    { numRuns: 10_000 },
  )
})

describe('reads', () => {
  test.each([
    ['::', '00'.repeat(16)],
    ['::1', `${'00'.repeat(15)}01`],
    ['1::', `0001${'00'.repeat(14)}`],
    ['::ffff:192.0.2.1', `${'00'.repeat(10)}ffffc0000201`],
    ['2001:DB8::1', `20010db8${'00'.repeat(11)}01`],
    ['192.0.2.1', 'c0000201'],
  ])('%s', (text, hex) => {
    expect(parseIpAddress(text)?.toString('hex')).toBe(hex)
  })
})

test('other lengths are printed as no address', () => {
  expect(printIpAddress(Buffer.from([1, 2, 3]))).toBe('#010203')
})
