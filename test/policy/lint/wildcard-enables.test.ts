import { expect, test } from 'vitest'
import { wildcardEnables } from '../../../src/policy/lint/wildcard-enables.ts'
import { findInBase, findInModule, summarize } from './rule-findings.ts'

test('finds a wildcard that enables, with what it enables today', () => {
  expect(summarize(findInBase(wildcardEnables, 'cipher = AES-256-GCM RC4-*\n'))).toEqual([
    'warning LINT_WILDCARD_ENABLES BASE.pol:1:22 `RC4-*` enables whatever cipher matches, today RC4-40, RC4-128',
  ])
})

test('names the weak ones among them', () => {
  const [finding] = findInModule(wildcardEnables, 'protocol@TLS = TLS*+\n')
  expect(finding?.hint).toBe('among them is weak: TLS1.1, TLS1.0; name what you want')
})

test('finds one that prepends, in table order', () => {
  expect(findInModule(wildcardEnables, 'hash = +SHA2-*\n')[0]?.message).toContain(
    'SHA2-256, SHA2-384, SHA2-512, SHA2-224',
  )
})

test('lets a wildcard take away', () => {
  expect(findInBase(wildcardEnables, 'cipher@SSH = -*-CBC\n')).toEqual([])
})
