/**
 * What libraries keep under policies that are changed in one place. Clients and servers of the libraries are asked in
 * test/interop/policy and in looseness.test.ts; here what changes is seen without them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findLooseness, type LoosenessSearch } from '../../src/backends/looseness/looseness.ts'
import { policyOf } from './generate-text.ts'

/** Names of what is kept, by rule; null where a rule finds nothing any more. */
type Kept = Readonly<Record<string, string | null>>

const { base, changes }: { base: Kept; changes: readonly { policy: string; kept: Kept }[] } =
  JSON.parse(readFileSync(join(import.meta.dirname, 'kept-by-libraries.json'), 'utf8'))

/** Has something of every class. */
const BASE = [
  'cipher = AES-256-GCM AES-128-GCM AES-256-CBC AES-128-CBC AES-256-CTR',
  ...['mac = AEAD HMAC-SHA2-256 HMAC-SHA1', 'group = X25519 SECP256R1 FFDHE-2048'],
  ...['hash = SHA2-256 SHA2-384', 'sign = ECDSA-SHA2-256 RSA-SHA2-256 RSA-PSS-SHA2-256'],
  ...['key_exchange = ECDHE RSA DHE-RSA', 'protocol@TLS = TLS1.3 TLS1.2 DTLS1.2'],
  ...['protocol@IKE = IKEv2', 'min_rsa_size = 2048', 'min_dh_size = 2048', 'min_ec_size = 256'],
]

function find(policy: string, search: LoosenessSearch = {}) {
  return findLooseness(policyOf(...BASE, ...policy.split('\n')), search)
}

function keptUnder(policy: string): Kept {
  // Its list of host keys is long, and looked at in looseness.test.ts.
  const found = find(policy).filter(({ id }) => id !== 'openssh-host-keys')
  return Object.fromEntries(found.map(({ id, kept }) => [id, kept.join(' ')]))
}

test('libraries keep some of a policy that leaves something of every class', () => {
  expect(keptUnder('')).toEqual(base)
})

test.each(changes)('$policy', ({ policy, kept }) => {
  const expected = Object.entries({ ...base, ...kept }).filter(([, names]) => names !== null)
  expect(keptUnder(policy)).toEqual(Object.fromEntries(expected))
})

test.each([
  ['sign = +MLDSA65-ED25519', '3.0.17', ['openssl-groups', 'openssl-signatures']],
  ['sign = +MLDSA65-ED25519', '3.2.6', ['openssl-groups', 'openssl-signatures']],
  ['sign = +MLDSA65-ED25519', '3.3.0', ['openssl-groups']],
  ['sign = +MLDSA65-ED25519', '3.5.0', []],
  ['sign = +MLDSA65-ED25519', undefined, ['openssl-groups', 'openssl-signatures']],
  ['', '1.1.1', ['openssl-groups']],
  ['', '3.4.9', ['openssl-groups']],
  ['', '3.5.0', []],
  ['', '3.6.1', []],
])('%j under OpenSSL %s', (policy, openssl, ids) => {
  const found = find(policy, { openssl, backend: 'opensslcnf' })
  expect(found.map(({ id }) => id)).toEqual(ids)
})

test('those who keep something are named with their releases', () => {
  const who = (policy: string) =>
    Object.fromEntries(find(policy, { backend: 'opensslcnf' }).map((one) => [one.id, one.who]))
  expect(who('sign = +MLDSA65-ED25519\nhash = -SHA2-384')).toEqual({
    'openssl-groups': 'OpenSSL before 3.5',
    'openssl-signatures': 'OpenSSL before 3.3',
    'openssl-ciphers': 'OpenSSL',
  })
})
