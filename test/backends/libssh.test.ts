import { expect, test } from 'vitest'
import { libssh } from '../../src/backends/libssh.ts'
import { findValue, generateText } from './generate-text.ts'

test('leaves out what libssh does not have', () => {
  const text = generateText(
    libssh,
    'mac = UMAC-128 HMAC-SHA1',
    'key_exchange = KEM-ECDH DHE-GSS',
    'group = P256-MLKEM768 MLKEM768-X25519 FFDHE-2048',
    'hash = SHA2-256 SHA1',
  )
  expect(findValue(text, 'MACs')).toBe('hmac-sha1-etm@openssh.com,hmac-sha1')
  expect(findValue(text, 'KexAlgorithms')).toBe('mlkem768x25519-sha256')
})

test('still knows DSA, with certificates', () => {
  const text = generateText(libssh, 'sign = DSA-SHA1', 'ssh_certs = 1')
  expect(text).toBe(
    'HostKeyAlgorithms ssh-dss,ssh-dss-cert-v01@openssh.com\n' +
      'PubkeyAcceptedKeyTypes ssh-dss,ssh-dss-cert-v01@openssh.com\n',
  )
})

test('writes an empty file where nothing is enabled', () => {
  expect(generateText(libssh, 'cipher =')).toBe('')
})
