import { expect, test } from 'vitest'
import { gnutls } from '../../src/backends/gnutls.ts'
import { findValue, generateText } from './generate-text.ts'

function linesOf(text: string, key: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`${key} = `))
}

test('never enables the CBC suites with HMAC-SHA2-256 and HMAC-SHA2-384', () => {
  const text = generateText(gnutls, 'mac = HMAC-SHA2-256 HMAC-SHA2-384 HMAC-SHA2-512')
  expect(linesOf(text, 'tls-enabled-mac')).toEqual(['tls-enabled-mac = SHA512'])
})

test('enables the curve beneath a hybrid group, once', () => {
  const text = generateText(gnutls, 'group = MLKEM768-X25519 X25519', 'sign = EDDSA-ED448')
  expect(linesOf(text, 'enabled-curve')).toEqual([
    'enabled-curve = X25519',
    'enabled-curve = Ed448',
  ])
})

test('accepts SHA-1 in certificates alone where the policy says so', () => {
  const text = generateText(gnutls, 'sign = RSA-SHA2-256', 'sha1_in_certs = 1')
  expect(linesOf(text, 'secure-sig')).toEqual(['secure-sig = RSA-SHA256'])
  expect(linesOf(text, 'secure-sig-for-cert')).toContain('secure-sig-for-cert = rsa-sha1')
})

test.each([
  [768, 'very_weak'],
  [769, 'low'],
  [1024, 'low'],
  [2048, 'medium'],
  [2049, 'high'],
  [3072, 'high'],
  [8192, 'ultra'],
  [8193, 'future'],
])('takes keys of %i bits to the profile %s', (size, profile) => {
  const text = generateText(gnutls, `min_rsa_size = ${size}`, 'min_dh_size = 16384')
  expect(findValue(text, 'min-verification-profile')).toBe(profile)
})

test.each([
  ['ENFORCE', 'require'],
  ['RELAX', 'request'],
  ['DEFAULT', undefined],
])('says %s of the extended master secret as %s', (choice, word) => {
  expect(findValue(generateText(gnutls, `__ems = ${choice}`), 'tls-session-hash')).toBe(word)
})
