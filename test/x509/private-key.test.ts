import { expect, test } from 'vitest'
import { isKeyEncrypted } from '../../src/x509/private-key.ts'

/** Whether a block of PEM is an encrypted key, by its label and its first line. */
function isEncrypted(label: string, firstLine: string): boolean {
  const text = `-----BEGIN ${label}-----\n${firstLine}\n\nMA==\n-----END ${label}-----\n`
  return isKeyEncrypted({ label, text, decode: () => Buffer.alloc(0) })
}

test.each([
  ['ENCRYPTED PRIVATE KEY', 'MA==', true],
  // RFC 1421 section 4.6.1.1.
  ['EC PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED', true],
  ['EC PRIVATE KEY', 'Proc-Type: 4,MIC-ONLY', false],
  ['EC PRIVATE KEY', 'X-Proc-Type: 4,ENCRYPTED', false],
  ['PRIVATE KEY', 'MA==', false],
])('a block of %s that begins with %s is encrypted: %s', (label, firstLine, expected) => {
  expect(isEncrypted(label, firstLine)).toBe(expected)
})
