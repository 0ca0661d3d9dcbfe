import { expect, test } from 'vitest'
import { unreadScope } from '../../../src/policy/lint/unread-scope.ts'
import { findInBase, summarize } from './rule-findings.ts'

const find = (text: string) => summarize(findInBase(unreadScope, text))

test('finds a property in a scope where no back-end reads it', () => {
  expect(find('protocol@ssh = TLS1.2\netm@tls = ANY\n')).toEqual([
    'warning LINT_UNREAD_SCOPE BASE.pol:1:10 nothing in @ssh reads protocol',
    'warning LINT_UNREAD_SCOPE BASE.pol:2:5 nothing in @tls reads etm',
  ])
})

test('says where it is read', () => {
  const [finding] = findInBase(unreadScope, 'sha1_in_certs@openssl = 1\n')
  expect(finding?.hint).toBe('sha1_in_certs is read for gnutls')
})

test('lets a scope be of which one back-end reads the property', () => {
  expect(find('protocol@{ssh,ike} = IKEv2\nprotocol = TLS1.3\nprotocol@!ssh = TLS1.3\n')).toEqual(
    [],
  )
})
