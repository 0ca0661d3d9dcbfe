import { expect, test } from 'vitest'
import { findIneffective } from '../../../src/policy/lint/effect-analysis.ts'
import { GIVEN, initialState } from '../../../src/policy/lint/list-state.ts'
import { noEffect } from '../../../src/policy/lint/no-effect.ts'
import { PROPERTY_NAMES } from '../../../src/policy/properties.ts'
import { fc } from '../../seed.ts'
import { meaningOf, modernText, policyOf, without } from '../random-policies.ts'
import { findInBase, findInModule, summarize } from './rule-findings.ts'

const find = (...texts: [string, ...string[]]) => summarize(findInBase(noEffect, ...texts))

test('finds a directive that a later one overrides', () => {
  expect(find('cipher@tls = AES-128-GCM\nmac = AEAD\ncipher = AES-256-GCM\n')).toEqual([
    'warning LINT_NO_EFFECT BASE.pol:1:1 `cipher@tls = AES-128-GCM` has no effect: overridden at BASE.pol:3:1',
  ])
})

test('finds a directive that asks for what holds already', () => {
  expect(find('min_rsa_size = 2048\nmin_rsa_size@ssh = 2048\n')).toEqual([
    'warning LINT_NO_EFFECT BASE.pol:2:1 `min_rsa_size@ssh = 2048` has no effect: what it asks for holds already',
  ])
})

test('names the later of two that repeat each other', () => {
  expect(find('hash = SHA2-256 SHA1\nhash = -SHA1\nhash = -SHA1\n')).toEqual([
    'warning LINT_NO_EFFECT BASE.pol:3:1 `hash = -SHA1` has no effect: what it asks for holds already',
  ])
})

test('shows a deprecated form as it is written', () => {
  expect(find('tls_cipher = AES-128-GCM\ntls_cipher = AES-256-GCM\n')).toEqual([
    'warning LINT_NO_EFFECT BASE.pol:1:1 `tls_cipher = AES-128-GCM` has no effect: overridden at BASE.pol:2:1',
  ])
})

test('counts a change of order as an effect', () => {
  expect(find('hash = SHA2-256 SHA1\nhash = +SHA1\n')).toEqual([])
})

test('counts an effect in a single purpose', () => {
  expect(find('hash = SHA1\nhash@!bind = SHA2-256\n')).toEqual([])
})

test('only notes a directive that states a default', () => {
  expect(
    find('sha1_in_certs = 0\netm@SSH = ANY\ncipher =\n').map((line) => line.split(' ')[0]),
  ).toEqual(['note', 'note', 'note'])
})

test('lets a module override its base', () => {
  expect(find('min_rsa_size = 2048\n', 'min_rsa_size = 3072\n')).toEqual([])
})

test('notes what has no effect on this base', () => {
  expect(find('hash = SHA2-256\n', 'hash = -SHA1\nhash = -SHA2-256\n')).toEqual([
    'note LINT_NO_EFFECT_HERE M1.pmod:1:1 `hash = -SHA1` has no effect on top of BASE.pol: what it asks for holds already',
  ])
})

test('finds in a module alone what can have no effect on any base', () => {
  const text = 'hash = -SHA1\nhash@bind = SHA1+\nhash = -MD5\nhash = -MD5\nhash = SHA2-256\n'
  expect(findInModule(noEffect, text)).toHaveLength(4)
  expect(findInModule(noEffect, 'hash = +SHA1\nhash = -SHA1\n')).toHaveLength(1)
  expect(findInModule(noEffect, 'hash = -SHA1\nhash = SHA2-256+\nsha1_in_certs = 0\n')).toEqual([])
})

test('taking out all that it finds changes nothing', () => {
  fc.assert(
    fc.property(modernText, (text) => {
      const policy = policyOf(text)
      const found = PROPERTY_NAMES.flatMap((property) => {
        const own = policy.directives.filter((directive) => directive.property === property)
        return findIneffective(own, initialState(property))
      })
      const removed = new Set(found.map(({ directive }) => directive))
      expect(meaningOf(without(policy, removed))).toEqual(meaningOf(policy))
    }),
    { numRuns: 500 },
  )
})

test('taking out any other directive changes something, without those it finds behind it', () => {
  fc.assert(
    fc.property(modernText, (text) => {
      const policy = policyOf(text)
      for (const property of PROPERTY_NAMES) {
        const own = policy.directives.filter((directive) => directive.property === property)
        const found = new Set(findIneffective(own, initialState(property)).map((f) => f.directive))
        for (const [index, directive] of own.entries()) {
          if (found.has(directive)) continue
          const behind = own.slice(index + 1).filter((later) => found.has(later))
          const lean = without(policy, new Set(behind))
          const leaner = without(lean, new Set([directive]))
          expect(meaningOf(leaner)).not.toEqual(meaningOf(lean))
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('what it finds in a module has no effect on any base', () => {
  fc.assert(
    fc.property(modernText, modernText, (base, text) => {
      const [alone, both] = [policyOf('', text), policyOf(base, text)]
      const found = PROPERTY_NAMES.flatMap((property) => {
        const own = alone.directives.filter((directive) => directive.property === property)
        return findIneffective(own, GIVEN)
      })
      const starts = new Set(found.map(({ directive }) => directive.statement.start))
      const removed = both.directives.filter(
        ({ statement }) => statement.source.name === 'M1.pmod' && starts.has(statement.start),
      )
      expect(meaningOf(without(both, new Set(removed)))).toEqual(meaningOf(both))
    }),
    { numRuns: 500 },
  )
})
