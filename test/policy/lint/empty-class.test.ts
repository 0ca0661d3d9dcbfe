import { expect, test } from 'vitest'
import { emptyClass } from '../../../src/policy/lint/empty-class.ts'
import { findInBase, findInModule, summarize } from './rule-findings.ts'

const FULL = `cipher = AES-256-GCM
mac = AEAD
group = X25519
hash = SHA2-256
sign = ECDSA-SHA2-256
key_exchange = ECDHE
protocol = TLS1.3 IKEv2
`
const find = (text: string) => summarize(findInBase(emptyClass, text))

test('finds nothing where every class has something', () => {
  expect(find(FULL)).toEqual([])
})

test('names the back-ends that are left without, and the directive that did it', () => {
  expect(find(`${FULL}cipher@ssh = -AES-*\n`)).toEqual([
    'warning LINT_EMPTY_CLASS BASE.pol:8:1 no cipher is left for libssh, openssh*: the library has no way to be told, and uses all that it has built in',
  ])
})

test('wants a TLS version for TLS and an IKE version for IPsec', () => {
  expect(find(`${FULL}protocol = DTLS1.2\n`)).toEqual([
    'warning LINT_EMPTY_CLASS BASE.pol:8:1 no TLS version is left for gnutls: what needs one fails',
    'warning LINT_EMPTY_CLASS BASE.pol:8:1 no TLS version is left for nss-tls, openssl: the library has no way to be told, and uses all that it has built in',
    'warning LINT_EMPTY_CLASS BASE.pol:8:1 no TLS version is left for java-tls: the library has no way to be told, and keeps some',
    'warning LINT_EMPTY_CLASS BASE.pol:8:1 no IKE version is left for libreswan: the library has no way to be told, and uses all that it has built in',
  ])
})

test('does not take NULL for a cipher', () => {
  expect(find(`${FULL}cipher = NULL\n`)[0]).toContain('no cipher is left everywhere but')
})

test('points to the beginning of the file where nothing sets the class', () => {
  expect(find(FULL.replace('mac = AEAD\n', ''))).toEqual([
    'warning LINT_EMPTY_CLASS BASE.pol:1:1 no message authentication is left for gnutls, java-tls, nss-tls, nss-pkcs12*, openssl: what needs one fails',
    'warning LINT_EMPTY_CLASS BASE.pol:1:1 no message authentication is left for krb5, libreswan, libssh, openssh*: the library has no way to be told, and uses all that it has built in',
  ])
})

test('finds what a module empties', () => {
  expect(summarize(findInBase(emptyClass, FULL, 'group = -*25519\n'))[0]).toContain('M1.pmod:1:1')
})

test('expects nothing of a module alone', () => {
  expect(findInModule(emptyClass, 'cipher = -AES-*\n')).toEqual([])
})

test('says that Kerberos uses its own list, and when it fails', () => {
  const effects = (text: string) =>
    find(`${FULL}${text}`)
      .filter((line) => line.includes('krb5'))
      .map((line) => line.split(': ')[1])
  const [open, closed] = [
    'the library has no way to be told, and uses all that it has built in',
    'what needs one fails',
  ]
  expect(effects('cipher@krb5 =\n')).toEqual([open])
  expect(effects('mac@krb5 =\n')).toEqual([open])
  expect(effects('cipher@krb5 =\nmin_dh_size = 3072\n')).toEqual([closed])
  expect(effects('mac@krb5 =\ncipher@krb5 = CAMELLIA-256-CBC\n')).toEqual([closed])
})

test('says that SSH uses all key exchanges without a hash, and none without a group but the group exchange', () => {
  const effects = (text: string) =>
    find(`${FULL}${text}`)
      .filter((line) => line.includes('ssh'))
      .map((line) => line.split(': ')[1])
  const [open, closed] = [
    'the library has no way to be told, and uses all that it has built in',
    'what needs one fails',
  ]
  expect(effects('hash@ssh =\n')).toEqual([open])
  expect(effects('group@ssh =\n')).toEqual([open])
  expect(effects('group@ssh =\nkey_exchange@ssh = DHE\narbitrary_dh_groups = 1\n')).toEqual([
    closed,
  ])
  expect(effects('group@ssh =\nkey_exchange@ssh = DHE\narbitrary_dh_groups = 0\n')).toEqual([open])
})
