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

/** NIST SP 800-131A revision 2, RFC 9325 section 4: what each size may be, and what it bounds. */
const SIZES = [
  ['min_dh_size', 'key_exchange = DHE-RSA', 1024, 2048],
  ['min_dh_size', 'key_exchange = DH', 1024, 2048],
  ['min_dh_size', 'group = FFDHE-2048', 1024, 2048],
  ['min_rsa_size', 'sign = RSA-SHA2-256', 1024, 2048],
  ['min_rsa_size', 'sign = RSA-PSS-SHA2-256', 1024, 2048],
  ['min_rsa_size', 'key_exchange = RSA', 1024, 2048],
  ['min_rsa_size', 'key_exchange = DHE-RSA', 1024, 2048],
  ['min_dsa_size', 'sign = DSA-SHA2-256', 1024, 2048],
  ['min_ec_size', 'sign = ECDSA-SHA2-256', 160, 224],
] as const

test.each(SIZES)(
  '%s with %s is weak below %3$i bits, and worse below %2$i',
  (name, use, bad, good) => {
    const severityOf = (bits: number) =>
      findInBase(weakSetting, `${use}\n${name} = ${bits}\n`)
        .filter(({ message }) => message.includes(name))
        .map(({ message }) => /\((high|medium|low): /.exec(message)?.[1])
    expect([bad - 1, bad, good - 1, good].map(severityOf)).toEqual([
      ['high'],
      ['medium'],
      ['medium'],
      [],
    ])
  },
)

test.each([
  ['min_dh_size', 'key_exchange = ECDHE\ngroup = SECP256R1'],
  ['min_rsa_size', 'sign = ECDSA-SHA2-256\nkey_exchange = ECDHE'],
  ['min_dsa_size', 'sign = ECDSA-SHA2-256'],
  ['min_ec_size', 'sign = RSA-SHA2-256'],
])('%s bounds nothing of %j', (name, use) => {
  const found = findInBase(weakSetting, `${use}\n${name} = 1\n`)
  expect(found.filter(({ message }) => message.includes(name))).toEqual([])
})

test.each([
  ['sha1_in_certs = 1', 'warning', 'medium'],
  ['sha1_in_certs = 0', undefined, undefined],
  ['__openssl_block_sha1_signatures = 0', 'warning', 'medium'],
  ['__openssl_block_sha1_signatures = 1', undefined, undefined],
  ['etm@SSH = DISABLE_ETM', 'note', 'low'],
  ['etm@SSH = DISABLE_NON_ETM', undefined, undefined],
  ['etm@SSH = ANY', undefined, undefined],
  ['__ems = RELAX', 'note', 'low'],
  ['__ems = DEFAULT', undefined, undefined],
  ['__ems = ENFORCE', undefined, undefined],
])('the switch %s is a %s', (line, severity, weakness) => {
  const found = findInBase(weakSetting, `cipher = AES-128-CBC\n${line}\n`)
  expect(found.map((one) => one.severity)).toEqual(severity === undefined ? [] : [severity])
  if (weakness) expect(found[0]?.message).toContain(`(${weakness}: `)
})

test('encrypt-then-MAC matters to ciphers with CBC alone', () => {
  expect(findInBase(weakSetting, 'cipher = AES-128-GCM\netm@SSH = DISABLE_ETM\n')).toEqual([])
})
