import { expect, test } from 'vitest'
import type { AllowedTls } from '../../src/algorithms/allowed-tls.ts'
import { NOTHING_ALLOWED } from '../../src/algorithms/allowed-tls.ts'
import { compareAllowed, isLooser } from '../../src/algorithms/compare-allowed.ts'
import { findTlsGroup } from '../../src/algorithms/tls-groups.ts'

const SIZES = { rsa: 2048, dsa: 2048, ec: 256, dh: 2048 }

function withGroups(...numbers: readonly number[]): AllowedTls {
  const groups = numbers.flatMap((number) => findTlsGroup(number) ?? [])
  return { ...NOTHING_ALLOWED, groups, minimumKeySizes: SIZES }
}

test('tells what is extra, what is missing, and another order of the rest', () => {
  const { groups } = compareAllowed(withGroups(29, 23, 24), withGroups(24, 25, 29))
  expect(groups).toEqual({
    extra: ['secp521r1'],
    missing: ['secp256r1'],
    reordering: { before: ['x25519', 'secp384r1'], after: ['secp384r1', 'x25519'] },
  })
})

test('tells weaker smallest keys from stronger ones', () => {
  const other = { ...withGroups(), minimumKeySizes: { ...SIZES, rsa: 1024, dh: 3072 } }
  expect(compareAllowed(withGroups(), other).keySizes).toEqual([
    { key: 'rsa', before: 2048, after: 1024, isWeaker: true },
    { key: 'dh', before: 2048, after: 3072, isWeaker: false },
  ])
})

test('is looser with more algorithms or smaller keys, and not with less or another order', () => {
  const base = withGroups(29, 23)
  const strong = { ...base, minimumKeySizes: { ...SIZES, rsa: 4096 } }
  const weak = { ...base, minimumKeySizes: { ...SIZES, ec: 224 } }
  expect(isLooser(compareAllowed(base, withGroups(29, 23, 24)))).toBe(true)
  expect(isLooser(compareAllowed(base, weak))).toBe(true)
  expect(isLooser(compareAllowed(base, withGroups(23)))).toBe(false)
  expect(isLooser(compareAllowed(base, withGroups(23, 29)))).toBe(false)
  expect(isLooser(compareAllowed(base, strong))).toBe(false)
})
