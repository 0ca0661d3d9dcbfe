import { expect, test } from 'vitest'
import { weakAlgorithm } from '../../../src/policy/lint/weak-algorithm.ts'
import { findInBase, findInModule, summarize } from './rule-findings.ts'

const find = (...texts: [string, ...string[]]) => summarize(findInBase(weakAlgorithm, ...texts))

test('warns of a weak algorithm where two programs could agree on it', () => {
  expect(find('cipher = AES-256-GCM RC4-128\n')).toEqual([
    'warning LINT_WEAK_ALGORITHM BASE.pol:1:22 weak cipher RC4-128 everywhere (high: biased key stream, RFC 7465)',
  ])
})

test('only notes what is for reading old files', () => {
  expect(find('cipher@pkcs12-import = RC2-CBC+\n')).toEqual([
    'note LINT_WEAK_ALGORITHM BASE.pol:1:24 weak cipher RC2-CBC for nss-pkcs12-import (high: 64-bit block and export-grade keys, RFC 8551 section 2.7)',
  ])
})

test('names the directive that enabled it last, and the others', () => {
  const [finding] = findInBase(weakAlgorithm, 'hash = MD5\nhash@tls = -MD5\nhash@gnutls = MD5+\n')
  expect(finding?.message).toContain('weak hash MD5 everywhere but java-tls, nss-tls, openssl')
  expect(finding?.hint).toMatch(/also enabled at BASE.pol:\d:\d+ for /)
})

test('does not speak of what is taken away again', () => {
  expect(find('cipher = RC4-128 AES-256-GCM\n', 'cipher = -RC4-*\n')).toEqual([])
})

test('does not speak of what no back-end reads', () => {
  expect(find('cipher@bind = RC4-128\n')).toEqual([])
})

test('groups what is weak for one reason by one directive', () => {
  expect(
    find('protocol@TLS = TLS1.3 TLS1.1 TLS1.0 SSL3.0\n').map((line) => line.split('(')[0]),
  ).toEqual([
    'warning LINT_WEAK_ALGORITHM BASE.pol:1:23 weak protocol TLS1.1, TLS1.0 for gnutls, java-tls, nss-tls, openssl ',
    'warning LINT_WEAK_ALGORITHM BASE.pol:1:37 weak protocol SSL3.0 for gnutls, java-tls, nss-tls, openssl ',
  ])
})

test('notes a low weakness', () => {
  expect(findInBase(weakAlgorithm, 'sign = DSA-SHA2-256\n')[0]?.severity).toBe('note')
})

test('carries the facts as data', () => {
  expect(findInModule(weakAlgorithm, 'cipher@krb5 = RC4-128+\n')[0]?.data).toEqual({
    weakness: 'high',
    property: 'cipher',
    values: ['RC4-128'],
    purposes: ['krb5'],
  })
})

test('takes a module for what it enables, not for what it takes away', () => {
  expect(findInModule(weakAlgorithm, 'hash = -MD5\nsign = -RSA-MD5\n')).toEqual([])
})
