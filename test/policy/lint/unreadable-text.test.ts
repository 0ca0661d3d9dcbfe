import { expect, test } from 'vitest'
import { unreadableText } from '../../../src/policy/lint/unreadable-text.ts'
import { findInBase, findInModule, summarize } from './rule-findings.ts'

test('finds misspelt names of every kind, each where it stands', () => {
  expect(
    summarize(findInBase(unreadableText, 'mca = AEAD\ncipher@tsl = AES-256-GCM\nhash = SHA-1\n')),
  ).toEqual([
    'error POLICY_UNKNOWN_PROPERTY BASE.pol:1:1 unknown property `mca`',
    'error POLICY_UNKNOWN_SCOPE BASE.pol:2:8 unknown scope `tsl`',
    'error POLICY_UNKNOWN_ALGORITHM BASE.pol:3:8 unknown hash `SHA-1`',
  ])
})

test('says what may have been meant', () => {
  expect(findInModule(unreadableText, 'cipher = -RC4-182\n')[0]?.hint).toContain('RC4-128')
})

test('finds nothing in a text that can be read', () => {
  expect(findInBase(unreadableText, '# empty\ntls_cipher = AES-256-GCM\n')).toEqual([])
})
