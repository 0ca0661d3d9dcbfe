import { expect, test } from 'vitest'
import { opensslcnf } from '../../src/backends/opensslcnf.ts'
import { findValue, generateText } from './generate-text.ts'

test.each([
  ['SSL2.0 TLS1.0 TLS1.2', 'TLSv1', 'TLSv1.2'],
  ['SSL2.0 SSL3.0', 'SSLv3', 'SSLv3'],
  ['SSL2.0', 'DTLSv1.2', 'DTLSv1.1'],
  ['DTLS1.2', 'DTLSv1.2', 'DTLSv1.1'],
])('limits TLS for %s to %s and %s', (protocols, lowest, highest) => {
  const text = generateText(opensslcnf, `protocol = ${protocols}`)
  expect(findValue(text, 'TLS.MinProtocol')).toBe(lowest)
  expect(findValue(text, 'TLS.MaxProtocol')).toBe(highest)
})

test('knows DTLS 0.9', () => {
  const text = generateText(opensslcnf, 'protocol = DTLS1.0 DTLS0.9')
  expect(findValue(text, 'DTLS.MinProtocol')).toBe('DTLSv0.9')
  expect(findValue(text, 'DTLS.MaxProtocol')).toBe('DTLSv1')
})

test.each([
  [1022, 0],
  [1023, 1],
  [2048, 2],
  [3072, 3],
])('takes keys of %i bits to security level %i', (size, level) => {
  const text = generateText(opensslcnf, `min_rsa_size = ${size}`, 'min_dh_size = 8192')
  expect(findValue(text, 'CipherString')).toMatch(new RegExp(`^@SECLEVEL=${level}:`))
})

test('removes a mode only where none of its ciphers is enabled', () => {
  const text = generateText(opensslcnf, 'cipher = AES-128-CCM AES-256-GCM')
  const words = findValue(text, 'CipherString')?.split(':')
  expect(words).toContain('-CBC')
  expect(words).not.toContain('-AESCCM')
  expect(words).not.toContain('-AESGCM')
})

test('lists TLS 1.3 suites in the order of their ciphers, where hash and MAC are enabled', () => {
  const lines = [
    'cipher = NULL AES-128-GCM AES-256-GCM',
    'hash = SHA2-256',
    'mac = HMAC-SHA2-256',
    'protocol = TLS1.3',
  ]
  expect(findValue(generateText(opensslcnf, ...lines), 'Ciphersuites')).toBe(
    'TLS_SHA256_SHA256:TLS_AES_128_GCM_SHA256',
  )
  expect(findValue(generateText(opensslcnf, ...lines, 'protocol = TLS1.2'), 'Ciphersuites')).toBe(
    '',
  )
})

test('puts groups with ML-KEM before all others and asks for a key share of each class', () => {
  const text = generateText(opensslcnf, 'group = X25519 P256-MLKEM768 SECP256R1')
  expect(findValue(text, 'Groups')).toBe('*?SecP256r1MLKEM768:?p256_mlkem768/*X25519:secp256r1')
})

test('makes new RSA keys of 2048 bits or more', () => {
  expect(findValue(generateText(opensslcnf, 'min_rsa_size = 1024'), 'default_bits')).toBe('2048')
  expect(findValue(generateText(opensslcnf, 'min_rsa_size = 3072'), 'default_bits')).toBe('3072')
})

test.each([
  [0, 'yes'],
  [1, 'no'],
  [2, 'no'],
])('lets SHA-1 signatures pass for %i: %s', (block, allowed) => {
  const text = generateText(opensslcnf, `__openssl_block_sha1_signatures = ${block}`)
  expect(findValue(text, 'rh-allow-sha1-signatures')).toBe(allowed)
})
