import { expect, test } from 'vitest'
import { comparePolicies } from '../../src/policy/compare.ts'
import { printComparison } from '../../src/report/policy-comparison.ts'
import { policyOf } from '../policy/random-policies.ts'
import { shippedPolicy } from '../shipped-policies.ts'

function compare(before: string, after: string) {
  return comparePolicies(shippedPolicy(before).policy, shippedPolicy(after).policy)
}

test('prints nothing where both mean the same', () => {
  expect(printComparison(compare('DEFAULT', 'DEFAULT'))).toEqual([])
})

test('prints what a module changes', () => {
  expect(printComparison(compare('DEFAULT', 'DEFAULT:NO-SHA1'))).toEqual([
    'bind, nss-pkcs12-import, rpm:',
    '  hash - SHA1',
    'bind:',
    '  sign - RSA-SHA1, - ECDSA-SHA1',
    'rpm:',
    '  sign - DSA-SHA1',
  ])
})

test('prints the widest changes first, sizes with both values', () => {
  const lines = printComparison(compare('FUTURE', 'DEFAULT'))
  expect(lines[0]).toBe('everywhere:')
  expect(lines).toContain('  min_rsa_size 3072 -> 2048')
  expect(lines).toContain('  group + FFDHE-2048')
})

test('prints a change of order once and compactly', () => {
  const lines = printComparison(compare('DEFAULT', 'FIPS'))
  expect(lines).toContain('  group order: MLKEM768-X25519 after P256-MLKEM768')
})

test('prints the new order where much has moved', () => {
  const [a, b] = [
    policyOf('hash = SHA1 MD5 SHA2-256 SHA2-384 SHA2-512\n'),
    policyOf('hash = SHA2-512 SHA2-384 SHA2-256 MD5 SHA1\n'),
  ]
  expect(printComparison(comparePolicies(a, b))[1]).toBe(
    '  hash order: SHA2-512 SHA2-384 SHA2-256 MD5 SHA1',
  )
})

test('tells three moves one by one', () => {
  const [a, b] = [
    policyOf('group = X25519 X448 SECP256R1 SECP384R1\n'),
    policyOf('group = SECP384R1 SECP256R1 X448 X25519\n'),
  ]
  const [, line = ''] = printComparison(comparePolicies(a, b))
  expect(line).toMatch(/^ {2}group order: \w+ (first|after \w+)(, \w+ (first|after \w+)){2}$/)
})

test('names the directives when asked', () => {
  const lines = printComparison(compare('DEFAULT', 'DEFAULT:NO-SHA1'), { showCauses: true })
  expect(lines).toContain('  hash - SHA1  (modules/NO-SHA1.pmod:3:8)')
})
