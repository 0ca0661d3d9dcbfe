import { expect, test } from 'vitest'
import { krb5 } from '../../src/backends/krb5.ts'
import { findValue, generateText } from './generate-text.ts'

test('orders AES types by MAC, then by cipher', () => {
  const text = generateText(
    krb5,
    'mac = HMAC-SHA2-384 HMAC-SHA1',
    'cipher = AES-128-CBC AES-256-CBC',
  )
  expect(findValue(text, 'permitted_enctypes')).toBe(
    'aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha1-96 aes256-cts-hmac-sha1-96',
  )
})

test('permits RC4 only with MD5', () => {
  expect(generateText(krb5, 'cipher = RC4-128')).not.toContain('arcfour')
  expect(generateText(krb5, 'cipher = RC4-128', 'hash = MD5')).toContain('arcfour-hmac-md5')
})

test('raises the PKINIT group only above 2048 bits', () => {
  expect(generateText(krb5, 'min_dh_size = 2048')).not.toContain('pkinit')
  expect(generateText(krb5, 'min_dh_size = 2049')).toContain('\npkinit_dh_min_bits=4096\n')
})

test('writes an empty list where nothing is enabled', () => {
  expect(generateText(krb5, 'cipher =')).toBe('[libdefaults]\npermitted_enctypes = \n')
})
