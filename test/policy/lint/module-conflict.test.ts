import { expect, test } from 'vitest'
import { moduleConflict } from '../../../src/policy/lint/module-conflict.ts'
import { findInBase, summarize } from './rule-findings.ts'

const BASE = 'hash = SHA2-256\ncipher = AES-256-GCM RC4-128\n'

test('finds a module that takes back what another enabled', () => {
  expect(
    summarize(findInBase(moduleConflict, BASE, 'hash = SHA1+ MD5+\n', 'hash = -SHA1\n')),
  ).toEqual([
    'warning LINT_MODULE_CONFLICT M2.pmod:1:8 hash SHA1: disabled again everywhere, against M1.pmod',
  ])
})

test('finds a module that enables what another took away', () => {
  const [finding] = findInBase(
    moduleConflict,
    BASE,
    'cipher = -RC4-*\n',
    'cipher@krb5 = RC4-128+\n',
  )
  expect(finding?.message).toBe('cipher RC4-128: enabled again for krb5, against M1.pmod')
})

test('lets modules change the base', () => {
  expect(findInBase(moduleConflict, BASE, 'cipher = -RC4-*\n', 'hash = -SHA2-256\n')).toEqual([])
})

test('lets a module change its own mind', () => {
  expect(findInBase(moduleConflict, BASE, 'hash = +SHA1\nhash = -SHA1\n', 'mac = AEAD\n')).toEqual(
    [],
  )
})
