import { expect, test } from 'vitest'
import { evaluatePolicy } from '../../../src/policy/effective-policy.ts'
import { emptiedEffect } from '../../../src/policy/emptied-class.ts'
import { emptyClass } from '../../../src/policy/lint/empty-class.ts'
import { lintContext, readContext } from '../../../src/policy/lint/lint-policy.ts'
import type { PropertyName } from '../../../src/policy/properties.ts'
import { scopesAt } from '../../../src/policy/purpose-readers.ts'
import type { PurposeName } from '../../../src/policy/scope.ts'
import { policyOf, sourceOf } from '../random-policies.ts'
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

test('points to a directive that could take nothing away', () => {
  const text = FULL.replace('mac = AEAD\n', '')
  expect(find(`${text}mac = -AEAD\n`)[0]).toContain('BASE.pol:7:1 no message authentication')
})

test('a library that keeps some of a class is not one that is left without, nor one that uses all', () => {
  const source = sourceOf(`${FULL}cipher@openssh =\ncipher@java-tls =\n`, 'BASE.pol')
  const context = readContext('BASE', [{ kind: 'base', source }])
  const keptFor = () => ['AES-128-CBC']
  expect(summarize(lintContext({ ...context, keptFor }, [emptyClass]))).toEqual([
    'warning LINT_EMPTY_CLASS BASE.pol:8:1 no cipher is left for openssh*: the library has no way to be told, and uses all that it has built in',
    'warning LINT_EMPTY_CLASS BASE.pol:9:1 no cipher is left for java-tls: the library has no way to be told, and keeps some',
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

/** As the libraries did with the files of such policies. */
const EFFECTS: readonly (readonly [PurposeName, string, PropertyName, string])[] = [
  ...(['libssh', 'openssh', 'openssh-client', 'openssh-server'] as const).flatMap((name) =>
    (['cipher', 'mac', 'hash', 'key_exchange', 'sign'] as const).map(
      (property) => [name, '', property, 'open'] as const,
    ),
  ),
  ...(['cipher', 'mac', 'group', 'sign', 'protocol'] as const).map(
    (property) => ['libreswan', '', property, 'open'] as const,
  ),
  ['libreswan', '', 'hash', 'closed'],
  ['openssl', '', 'sign', 'open'],
  ['openssl', '', 'group', 'open'],
  ['openssl', '', 'protocol', 'open'],
  ['openssl', '', 'cipher', 'closed'],
  ['nss-tls', '', 'protocol', 'open'],
  ['nss-tls', '', 'sign', 'closed'],
  ['java-tls', '', 'protocol', 'partly'],
  ['java-tls', '', 'group', 'closed'],
  ['gnutls', '', 'protocol', 'closed'],
  ['gnutls', '', 'cipher', 'closed'],
  ...(['sequoia', 'rpm'] as const).flatMap((name) =>
    ['SECP256R1', 'SECP384R1', 'SECP521R1', 'FFDHE-2048 SECP384R1'].map(
      (group) => [name, `group = ${group}`, 'sign', 'partly'] as const,
    ),
  ),
  ['sequoia', 'group = X25519', 'sign', 'closed'],
  ['sequoia', 'group = SECP256R1', 'hash', 'closed'],
  ['bind', 'hash = SHA2-256', 'sign', 'unchecked'],
  ['bind', 'hash = SHA2-384', 'sign', 'closed'],
  ['bind', 'hash = SHA2-256', 'group', 'closed'],
  ['krb5', '', 'cipher', 'open'],
  ['krb5', '', 'mac', 'open'],
  ['krb5', '', 'hash', 'closed'],
  ['krb5', 'min_dh_size = 2048', 'mac', 'open'],
  ['krb5', 'min_dh_size = 2049', 'mac', 'closed'],
  ['krb5', 'cipher = CAMELLIA-256-CBC', 'mac', 'closed'],
  ['krb5', 'cipher = CAMELLIA-128-CBC', 'mac', 'closed'],
  ['krb5', 'cipher = RC4-128\nhash = MD5', 'mac', 'closed'],
  ['krb5', 'cipher = RC4-128', 'mac', 'open'],
  ['krb5', 'hash = MD5', 'mac', 'open'],
  ['openssh', 'arbitrary_dh_groups = 1\nkey_exchange = DHE\nhash = SHA2-256', 'group', 'closed'],
  ['openssh', 'arbitrary_dh_groups = 1\nkey_exchange = DHE\nhash = SHA1', 'group', 'closed'],
  ['openssh', 'arbitrary_dh_groups = 1\nkey_exchange = DHE\nhash = SHA2-512', 'group', 'open'],
  ['openssh', 'arbitrary_dh_groups = 1\nkey_exchange = ECDHE\nhash = SHA1', 'group', 'open'],
  ['openssh', 'arbitrary_dh_groups = 0\nkey_exchange = DHE\nhash = SHA1', 'group', 'open'],
]

test.each(EFFECTS)('%s, with %j and no %s, is %s', (purpose, text, property, effect) => {
  const effective = evaluatePolicy(policyOf(text), scopesAt(purpose))
  expect(emptiedEffect(purpose, property, effective)).toBe(effect)
})

test('points to the line that took the last, not to one after it', () => {
  expect(find(`${FULL}cipher@ssh = -AES-*\ncipher@ssh = -RC4-128\n`)[0]).toContain('BASE.pol:8:1')
  expect(find(`${FULL}cipher@ssh = -AES-128-*\ncipher@ssh = -AES-*\n`)[0]).toContain('BASE.pol:9:1')
})
