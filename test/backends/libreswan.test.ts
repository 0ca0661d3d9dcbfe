import { expect, test } from 'vitest'
import { libreswan } from '../../src/backends/libreswan.ts'
import { findValue, generateText } from './generate-text.ts'

test('turns IKEv2 off where only IKEv1 is enabled', () => {
  expect(generateText(libreswan, 'protocol = IKEv1')).toBe('conn %default\n\tikev2=never\n')
  expect(generateText(libreswan, 'protocol = IKEv2 IKEv1')).toBe('conn %default\n')
  expect(generateText(libreswan, 'protocol = TLS1.2')).toBe('conn %default\n')
})

test('offers the most common groups first, the others in the order of the policy', () => {
  const text = generateText(
    libreswan,
    'cipher = AES-256-GCM',
    'mac = HMAC-SHA2-256',
    'group = X25519 FFDHE-4096 FFDHE-2048 SECP256R1',
  )
  expect(findValue(text, 'ike')).toBe('aes_gcm256-sha2_256-dh19+dh14+dh31+dh16')
})

test('offers ESP with SHA-1 before SHA2-256, IKE never with SHA-1', () => {
  const text = generateText(libreswan, 'cipher = AES-256-CBC', 'mac = HMAC-SHA2-256 HMAC-SHA1')
  expect(findValue(text, 'esp')).toBe('aes256-sha1+sha2_256')
  expect(findValue(text, 'ike')).toBe('aes256-sha2_256')
})

test('drops a cipher that is left without a MAC', () => {
  const text = generateText(libreswan, 'cipher = AES-256-GCM AES-256-CBC', 'mac = AEAD')
  expect(findValue(text, 'esp')).toBe('aes_gcm256')
  expect(findValue(text, 'ike')).toBeUndefined()
})

test('names a signature once though two algorithms of the policy mean it', () => {
  const text = generateText(libreswan, 'sign = RSA-PSS-RSAE-SHA2-256 RSA-PSS-SHA2-256')
  expect(findValue(text, 'authby')).toBe('rsa-sha2_256')
})
