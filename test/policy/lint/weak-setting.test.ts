import { expect, test } from 'vitest'
import { weakSetting } from '../../../src/policy/lint/weak-setting.ts'
import { findInBase, findInModule, summarize } from './rule-findings.ts'

const RSA = 'sign = RSA-SHA2-256\n'

test('warns of key sizes below 2048 bits, the worse the smaller', () => {
  expect(summarize(findInBase(weakSetting, `${RSA}min_rsa_size = 1024\n`))).toEqual([
    'warning LINT_WEAK_SETTING BASE.pol:2:16 weak min_rsa_size = 1024 everywhere (medium: RFC 9325 section 4.5)',
  ])
  expect(findInBase(weakSetting, `${RSA}min_rsa_size = 512\n`)[0]?.message).toContain('(high: ')
  expect(findInBase(weakSetting, `${RSA}min_rsa_size = 2048\n`)).toEqual([])
})

test('says so where nothing sets a size that matters', () => {
  expect(summarize(findInBase(weakSetting, RSA))).toEqual([
    'warning LINT_WEAK_SETTING BASE.pol:1:1 weak min_rsa_size = 0, its default, everywhere (high: factored in public, RFC 9325 section 4.5)',
  ])
})

test('does not speak of a size of keys that nothing uses', () => {
  expect(findInBase(weakSetting, 'sign = EDDSA-ED25519\nmin_rsa_size = 1024\n')).toEqual([])
})

test('keeps the directives of different purposes apart', () => {
  const text = `${RSA}min_rsa_size = 2048\nmin_rsa_size@rpm = 1024\nmin_rsa_size@tls = 1536\n`
  expect(summarize(findInBase(weakSetting, text)).map((line) => line.split(' (')[0])).toEqual([
    'note LINT_WEAK_SETTING BASE.pol:3:20 weak min_rsa_size = 1024 for rpm',
    'warning LINT_WEAK_SETTING BASE.pol:4:20 weak min_rsa_size = 1536 for gnutls, java-tls, nss-tls, openssl',
  ])
})

test('hints at the directive to write, in the same scope', () => {
  const text = `${RSA}min_rsa_size = 2048\nmin_rsa_size@rpm = 1024\n`
  expect(findInBase(weakSetting, text)[0]?.hint).toBe('write min_rsa_size@rpm = 2048')
})

test('warns of SHA-1 in certificates and notes a relaxed master secret', () => {
  const text = 'sha1_in_certs = 1\n__openssl_block_sha1_signatures = 0\n__ems = RELAX\n'
  expect(findInModule(weakSetting, text).map(({ severity }) => severity)).toEqual([
    'warning',
    'warning',
    'note',
  ])
})

test('leaves to the base what a module does not set', () => {
  expect(findInModule(weakSetting, RSA)).toEqual([])
})
