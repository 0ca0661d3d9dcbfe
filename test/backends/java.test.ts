import { expect, test } from 'vitest'
import { java } from '../../src/backends/java.ts'
import { findValue, generateText } from './generate-text.ts'

test('disables every key of a type that has no smallest size', () => {
  const value = findValue(
    generateText(java, 'min_rsa_size = 2048'),
    'jdk.certpath.disabledAlgorithms',
  )
  expect(value).toContain('RSA keySize < 2048, DSA, DH, EC keySize < 256')
})

test('ends the list with the hashes in certificates only', () => {
  const text = generateText(java, 'hash = *', 'hash = -MD5')
  expect(findValue(text, 'jdk.certpath.disabledAlgorithms')).toMatch(/, MD5$/)
  expect(findValue(text, 'jdk.tls.disabledAlgorithms')).not.toMatch(/, MD5(,|$)/)
})

test('calls enabled RC4 and 3DES a last resort', () => {
  const text = generateText(java, 'cipher = 3DES-CBC AES-256-GCM RC4-128')
  expect(findValue(text, 'jdk.tls.legacyAlgorithms')).toBe('3DES_EDE_CBC, RC4_128')
})

test('disables curves that no policy can name though all groups are enabled', () => {
  const value = findValue(generateText(java, 'group = *'), 'jdk.disabled.namedCurves')
  expect(value).toMatch(/^secp112r1, .*, brainpoolP320r1$/)
})
