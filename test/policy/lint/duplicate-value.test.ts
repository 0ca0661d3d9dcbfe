import { expect, test } from 'vitest'
import { duplicateValue } from '../../../src/policy/lint/duplicate-value.ts'
import { findInBase, summarize } from './rule-findings.ts'

const find = (text: string) => summarize(findInBase(duplicateValue, text))

test('finds a value named twice in a list', () => {
  expect(find('cipher = AES-256-GCM AES-128-GCM AES-256-GCM\n')).toEqual([
    'warning LINT_DUPLICATE_VALUE BASE.pol:1:34 `AES-256-GCM` is named twice',
  ])
})

test('finds values that contradict each other', () => {
  expect(find('mac = +AEAD -AEAD\n')).toEqual([
    'warning LINT_DUPLICATE_VALUE BASE.pol:1:13 `-AEAD` after `+AEAD`: AEAD is named twice',
  ])
})

test('finds an old and a new name of one value', () => {
  expect(find('group = X25519-MLKEM768 MLKEM768-X25519\n')).toHaveLength(1)
})

test('lets wildcards overlap with names', () => {
  expect(find('cipher = -AES-* +AES-256-GCM\nhash = SHA2-256 SHA2-*\n')).toEqual([])
})
