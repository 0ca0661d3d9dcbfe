import { expect, test } from 'vitest'
import { formatLocation } from '../../src/diagnostics/source.ts'
import { comparePolicies } from '../../src/policy/compare.ts'
import { formatValue } from '../../src/policy/dump.ts'
import { evaluatePolicy } from '../../src/policy/effective-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { PROPERTY_NAMES } from '../../src/policy/properties.ts'
import { readersOf, scopesAt } from '../../src/policy/purpose-readers.ts'
import { fc } from '../seed.ts'
import { shippedPolicy } from '../shipped-policies.ts'
import { modernText, policyOf } from './random-policies.ts'

test('finds no difference between policies that mean the same', () => {
  const [a, b] = [policyOf('hash = SHA1\nhash@tls = SHA1\n'), policyOf('# x\nhash@* = SHA1\n')]
  expect(comparePolicies(a, b).groups).toEqual([])
  expect(
    comparePolicies(shippedPolicy('DEFAULT').policy, shippedPolicy('NEXT').policy).groups,
  ).toEqual([])
})

test('says once what holds everywhere', () => {
  const [a, b] = [policyOf('min_rsa_size = 3072\n'), policyOf('min_rsa_size = 2048\n')]
  const { groups } = comparePolicies(a, b)
  expect(groups).toHaveLength(1)
  expect(groups[0]).toMatchObject({ everywhere: true, places: readersOf('min_rsa_size') })
  expect(groups[0]?.changes).toMatchObject([
    { kind: 'set', property: 'min_rsa_size', before: '3072', after: '2048' },
  ])
})

test('groups changes by where they hold', () => {
  const [a, b] = [policyOf('hash = SHA1\n'), policyOf('hash = SHA1\nhash@bind = -SHA1 MD5+\n')]
  const { groups } = comparePolicies(a, b)
  expect(groups.map(({ places }) => places)).toEqual([['bind']])
  expect(groups[0]?.changes).toMatchObject([
    { kind: 'disabled', value: 'SHA1' },
    { kind: 'enabled', value: 'MD5' },
  ])
})

test('reports a change of order as such, in as few moves as there can be', () => {
  const [a, b] = [
    policyOf('hash = SHA1 MD5 SHA2-256 SHA2-384\n'),
    policyOf('hash = SHA2-384 SHA1 MD5 SHA2-256\n'),
  ]
  expect(comparePolicies(a, b).groups[0]?.changes).toMatchObject([
    { kind: 'reordered', property: 'hash', moves: [{ value: 'SHA2-384', after: undefined }] },
  ])
})

test('does not take an addition for a change of order', () => {
  const [a, b] = [policyOf('hash = SHA1 MD5\n'), policyOf('hash = SHA2-256 SHA1 SHA2-384 MD5\n')]
  expect(comparePolicies(a, b).groups[0]?.changes.map(({ kind }) => kind)).toEqual([
    'enabled',
    'enabled',
  ])
})

test('names the directive that caused a change on each side', () => {
  const [a, b] = [
    policyOf('hash = SHA2-256 SHA1\n'),
    policyOf('hash = SHA2-256 SHA1\n', 'hash = -SHA1\n'),
  ]
  const [change] = comparePolicies(a, b).groups[0]?.changes ?? []
  const causes = change?.kind === 'reordered' ? {} : (change?.causes ?? {})
  expect(Object.entries(causes).map(([side, span]) => `${side} ${formatLocation(span)}`)).toEqual([
    'before TEST.pol:1:17',
    'after M1.pmod:1:8',
  ])
})

/** What back-ends read: each property for the purposes that have a reader. */
function readMeaningOf(policy: Policy): readonly string[] {
  return PROPERTY_NAMES.flatMap((property) =>
    readersOf(property).map((place) =>
      formatValue(evaluatePolicy(policy, scopesAt(place)), property),
    ),
  )
}

test('says nothing exactly where both mean the same, and the contrary the other way round', () => {
  fc.assert(
    fc.property(modernText, modernText, (first, second) => {
      const [a, b] = [policyOf(first), policyOf(second)]
      const forth = comparePolicies(a, b).groups
      const back = comparePolicies(b, a).groups
      const isSame = JSON.stringify(readMeaningOf(a)) === JSON.stringify(readMeaningOf(b))
      expect(forth.length === 0).toBe(isSame)
      const places = (groups: typeof forth) => groups.flatMap((group) => group.places).length
      expect(back.length === 0).toBe(isSame)
      expect(places(back) > 0).toBe(places(forth) > 0)
    }),
  )
})

test('what it tells leads from one policy to the other wherever it is read', () => {
  fc.assert(
    fc.property(modernText, modernText, (first, second) => {
      const [a, b] = [policyOf(first), policyOf(second)]
      const { groups } = comparePolicies(a, b)
      for (const place of readersOf('hash')) {
        const here = groups.filter(({ places }) => places.includes(place)).flatMap((g) => g.changes)
        const hash = new Set<string>(evaluatePolicy(a, scopesAt(place)).enabled.hash)
        for (const change of here) {
          if (change.property !== 'hash') continue
          if (change.kind === 'enabled') hash.add(change.value)
          if (change.kind === 'disabled') hash.delete(change.value)
        }
        expect([...hash].toSorted()).toEqual(
          evaluatePolicy(b, scopesAt(place)).enabled.hash.toSorted(),
        )
      }
    }),
  )
})
