import { expect, test } from 'vitest'
import { rpmSequoia } from '../../src/backends/rpm-sequoia.ts'
import { sequoia } from '../../src/backends/sequoia.ts'
import { findValue, generateText } from './generate-text.ts'

test('accepts RSA keys of the sizes allowed, where any signature is made with RSA', () => {
  const text = generateText(sequoia, 'sign = RSA-SHA2-256', 'min_rsa_size = 2049')
  expect(findValue(text, 'rsa2048')).toBe('"never"')
  expect(findValue(text, 'rsa3072')).toBe('"always"')
  expect(findValue(text, 'dsa3072')).toBe('"never"')
})

test('does not take ECDSA for DSA', () => {
  expect(findValue(generateText(sequoia, 'sign = ECDSA-SHA2-256'), 'dsa4096')).toBe('"never"')
})

test('accepts a mode where either key size is enabled', () => {
  expect(findValue(generateText(sequoia, 'cipher = AES-128-OCB'), 'ocb')).toBe('"always"')
  expect(findValue(generateText(sequoia, 'cipher = AES-128-OCB'), 'eax')).toBe('"never"')
})

test('never accepts what no policy can name', () => {
  const text = generateText(sequoia, 'hash = *', 'cipher = *', 'group = *', 'sign = *')
  for (const word of ['ripemd160.collision_resistance', 'cast5', 'elgamal4096', 'brainpoolp256']) {
    expect(findValue(text, word), word).toBe('"never"')
  }
})

test('lets RPM have a policy of its own', () => {
  const lines = ['hash = SHA2-256', 'hash@rpm = +SHA1']
  expect(findValue(generateText(rpmSequoia, ...lines), 'sha1.collision_resistance')).toBe(
    '"always"',
  )
  expect(findValue(generateText(sequoia, ...lines), 'sha1.collision_resistance')).toBe('"never"')
})
