/** The values of `--days` and `--key`: what is taken, and what a refusal offers instead. */
import { describe, expect, test } from 'vitest'
import { parseKeyRequest } from '../../src/pki/key-kind.ts'
import { parseDays } from '../../src/pki/validity-period.ts'
import { refusal } from '../diagnostic-code.ts'

describe('days', () => {
  test.each([
    ['1', 1],
    ['30d', 30],
    ['4w', 28],
    ['36500', 36_500],
    ['5214w', 36_498],
  ])('%s are %d', (text, days) => {
    expect(parseDays(text)).toBe(days)
  })

  test.each(['', '0', '0w', '36501', '5215w', '99999w', '-1', '1.5', '1y', ' 1', '1\n', '1e3'])(
    '%j is refused',
    (text) => {
      expect(() => parseDays(text)).toThrow(refusal('PKI_DAYS_INVALID'))
    },
  )
})

describe('keys', () => {
  test.each([
    ['rsa', { type: 'rsa' }],
    ['RSA:4096', { type: 'rsa', bits: 4096 }],
    ['ecdsa:P-256', { type: 'ecdsa', curve: 'secp256r1' }],
    ['ed25519', { type: 'ed25519' }],
  ])('%s', (text, request) => {
    expect(parseKeyRequest(text)).toEqual(request)
  })

  test.each([
    ['ecdsa:none', /secp256r1, secp384r1, secp521r1/],
    ['rsa:none', /a multiple of 8 from \d+ to \d+/],
    ['rsa:2049', /a multiple of 8 from \d+ to \d+/],
  ])('a size of %s is refused, and those that there are are told', (text, offered) => {
    expect(() => parseKeyRequest(text)).toThrow(refusal('PKI_KEY_SIZE_UNKNOWN'))
    expect(() => parseKeyRequest(text)).toThrow(
      expect.objectContaining({
        diagnostics: [expect.objectContaining({ hint: expect.stringMatching(offered) })],
      }),
    )
  })
})
