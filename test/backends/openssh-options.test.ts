import { expect, test } from 'vitest'
import { openssh } from '../../src/backends/openssh.ts'
import { opensshserver } from '../../src/backends/opensshserver.ts'
import { findValue, generateText } from './generate-text.ts'

const GROUP1 = ['key_exchange = DHE DHE-GSS', 'hash = SHA1', 'group = FFDHE-1024 FFDHE-2048']

test('offers 1024-bit groups as a client, never as a server', () => {
  const client = generateText(openssh, ...GROUP1)
  expect(findValue(client, 'KexAlgorithms')).toBe(
    'diffie-hellman-group1-sha1,diffie-hellman-group14-sha1',
  )
  expect(findValue(client, 'GSSAPIKexAlgorithms')).toBe('gss-group1-sha1-,gss-group14-sha1-')
  expect(generateText(opensshserver, ...GROUP1)).not.toContain('group1-')
})

test('sets HostKeyAlgorithms on the server only', () => {
  expect(generateText(opensshserver, 'sign = EDDSA-ED25519')).toContain('HostKeyAlgorithms ssh-ed')
  expect(generateText(openssh, 'sign = EDDSA-ED25519')).not.toContain('HostKeyAlgorithms')
})

test('puts group exchange before the named groups where any group will do', () => {
  const text = generateText(openssh, ...GROUP1, 'arbitrary_dh_groups = 1')
  expect(findValue(text, 'KexAlgorithms')).toMatch(/^diffie-hellman-group-exchange-sha1,/)
})

test.each([
  ['ANY', 'umac-64-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,hmac-sha1'],
  ['DISABLE_ETM', 'umac-64@openssh.com,hmac-sha1'],
  ['DISABLE_NON_ETM', 'umac-64-etm@openssh.com,hmac-sha1-etm@openssh.com'],
])('writes MACs for etm = %s', (etm, macs) => {
  expect(findValue(generateText(openssh, 'mac = UMAC-64 HMAC-SHA1', `etm = ${etm}`), 'MACs')).toBe(
    macs,
  )
})

test('accepts certificates where the policy does, but not as signers of certificates', () => {
  const text = generateText(openssh, 'sign = EDDSA-ED25519-FIDO', 'ssh_certs = 1')
  expect(findValue(text, 'PubkeyAcceptedAlgorithms')).toBe(
    'sk-ssh-ed25519@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com',
  )
  expect(findValue(text, 'CASignatureAlgorithms')).toBe('sk-ssh-ed25519@openssh.com')
})

test('turns GSSAPI key exchange off where nothing is left of it', () => {
  expect(generateText(openssh, 'mac =')).toBe('GSSAPIKeyExchange no\n')
})

test('obeys a directive for one side alone', () => {
  const lines = ['cipher = AES-256-CTR AES-128-CTR', 'cipher@openssh-server = -AES-128-CTR']
  expect(findValue(generateText(openssh, ...lines), 'Ciphers')).toBe('aes256-ctr,aes128-ctr')
  expect(findValue(generateText(opensshserver, ...lines), 'Ciphers')).toBe('aes256-ctr')
})
