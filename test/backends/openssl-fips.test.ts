import { expect, test } from 'vitest'
import { opensslFips } from '../../src/backends/openssl-fips.ts'
import { findValue, generateText } from './generate-text.ts'

test.each([
  ['DEFAULT', '1'],
  ['ENFORCE', '1'],
  ['RELAX', '0'],
])('checks the extended master secret for %s: %s', (choice, check) => {
  const text = generateText(opensslFips, `__ems = ${choice}`)
  expect(findValue(text, 'tls1-prf-ems-check')).toBe(check)
})
