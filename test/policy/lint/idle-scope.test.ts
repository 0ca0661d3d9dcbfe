import { expect, test } from 'vitest'
import { idleScope } from '../../../src/policy/lint/idle-scope.ts'
import { SCOPES } from '../../../src/policy/scope.ts'
import { findInBase, summarize } from './rule-findings.ts'

const find = (text: string) => summarize(findInBase(idleScope, text))

test('finds a scope that excludes every back-end', () => {
  expect(find('cipher@!* = RC4-128\n')).toEqual([
    'warning LINT_IDLE_SCOPE BASE.pol:1:8 @!* speaks to no back-end',
  ])
  expect(find(`mac@!{${SCOPES.join()}} = AEAD\n`)).toHaveLength(1)
})

test('lets every single scope be', () => {
  expect(find(SCOPES.map((scope) => `cipher@${scope} = AES-256-GCM\n`).join(''))).toEqual([])
})

test('lets a scope be that excludes some', () => {
  expect(find('cipher@!tls = AES-256-GCM\ncipher@* = AES-256-GCM\n')).toEqual([])
})
