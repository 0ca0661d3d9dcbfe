import { describe, expect, test } from 'vitest'
import { gnutls } from '../../src/backends/gnutls.ts'
import { generateLegacyGnutls } from '../../src/backends/gnutls-legacy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { readPolicyCorpus } from '../policy-corpus.ts'
import { shippedPolicy } from '../shipped-policies.ts'
import { policyOf } from './generate-text.ts'
import {
  hasGnutlsCli,
  type Listing,
  listPriorities,
  listPriority,
  type Question,
} from './gnutls-cli.ts'

const WITH_SUITES = [
  'BSI',
  'DEFAULT',
  'FEDORA42',
  'FEDORA43',
  'FIPS',
  'FUTURE',
  'LEGACY',
  'NEXT',
  'DEFAULT:SHA1',
  'DEFAULT:TEST-PQ',
  'FIPS:ECDHE-ONLY',
  'FIPS:OSPP',
  'LEGACY:AD-SUPPORT',
]
const WITHOUT_SUITES = ['EMPTY', 'GOST-ONLY']

/** What GnuTLS 3.7.9, the first peer to compare with, refuses in a configuration file. */
const UNKNOWN_LINES = /MLKEM|ML-DSA|tls-session-hash|very_weak/

function priorityOf(policy: Policy): string {
  return generateLegacyGnutls(policy).trimEnd().slice('SYSTEM='.length)
}

function allowlistOf(policy: Policy): Question {
  const lines = gnutls.generate(policy).split('\n')
  const configuration = lines.filter((line) => !UNKNOWN_LINES.test(line)).join('\n')
  return { priority: '@SYSTEM', configuration }
}

function listAllowlist(policy: Policy): Listing {
  const { priority, configuration } = allowlistOf(policy)
  return listPriority(priority, configuration)
}

/** SSL 3.0 is compiled out of the library; only an allowlist brings its name back. */
function allows({ ok, suites, classes }: Listing) {
  const versions = classes.get('Protocols')?.filter((name) => name !== 'VERS-SSL3.0')
  return { ok, suites, versions, groups: classes.get('Groups'), sign: classes.get('PK-signatures') }
}

test('is one line that sets SYSTEM', () => {
  const text = generateLegacyGnutls(shippedPolicy('DEFAULT').policy)
  expect(text).toMatch(/^SYSTEM=NONE:\+VERS-TLS1\.3:\+VERS-TLS1\.2:[^\n]+:%PROFILE_MEDIUM\n$/)
})

test('keeps the order of the policy within a class', () => {
  const policy = policyOf('hash = SHA2-256 SHA2-384', 'cipher = AES-128-GCM RC4-128 AES-256-GCM')
  expect(priorityOf(policy)).toContain('+AES-128-GCM:+ARCFOUR-128:+AES-256-GCM')
})

test('leaves out what releases before 3.7.3 would stumble over', () => {
  const policy = policyOf(
    'group = MLKEM768-X25519 X25519',
    'sign = MLDSA44 EDDSA-ED25519',
    '__ems = ENFORCE',
  )
  expect(priorityOf(policy)).toBe(
    'NONE:+GROUP-X25519:+SIGN-EdDSA-Ed25519:+COMP-NULL:%PROFILE_VERY_WEAK',
  )
})

test('leaves out a cipher whose suites need a hash that is off', () => {
  const policy = policyOf('hash = SHA2-256', 'cipher = AES-256-GCM AES-128-GCM')
  expect(priorityOf(policy)).toContain(':+AES-128-GCM:')
  expect(priorityOf(policy)).not.toContain('AES-256-GCM')
})

test('allows SHA-1 in certificates only where the policy does', () => {
  expect(priorityOf(policyOf('sha1_in_certs = 1'))).toContain('%VERIFY_ALLOW_SIGN_WITH_SHA1')
  expect(priorityOf(policyOf('sha1_in_certs = 0'))).not.toContain('SHA1')
})

test('leaves pre-shared keys to the application', () => {
  expect(priorityOf(policyOf('key_exchange = PSK ECDHE-PSK RSA'))).toContain('NONE:+RSA:')
})

describe.skipIf(!hasGnutlsCli())('gnutls-cli', () => {
  test.each(WITH_SUITES)('finds the same in both formats of %s', (name) => {
    const { policy } = shippedPolicy(name)
    const legacy = listPriority(priorityOf(policy))
    expect(legacy.ok).toBe(true)
    expect(legacy.suites).not.toEqual([])
    expect(allows(legacy)).toEqual(allows(listAllowlist(policy)))
  })

  test.each(WITHOUT_SUITES)('finds nothing to negotiate in both formats of %s', (name) => {
    const { policy } = shippedPolicy(name)
    expect(listPriority(priorityOf(policy)).ok).toBe(false)
    expect(listAllowlist(policy).ok).toBe(false)
  })

  test('finds the same in both formats of random policies', () => {
    const accepted = readPolicyCorpus().filter(({ error }) => error === undefined)
    const cases = accepted.filter((_, index) => index % 4 === 0)
    const policies = cases.map(({ policy, files }) => shippedPolicy(policy, files).policy)
    const legacy = listPriorities(policies.map((policy) => ({ priority: priorityOf(policy) })))
    const allowlists = listPriorities(policies.map(allowlistOf))
    for (const [at, { id }] of cases.entries()) {
      const [one, other] = [legacy[at], allowlists[at]]
      expect(one && allows(one), `case ${id}`).toEqual(other && allows(other))
    }
    expect(legacy.filter(({ ok }) => ok).length).toBeGreaterThan(10)
  })
})
