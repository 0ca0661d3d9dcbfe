import { expect, test } from 'vitest'
import { deprecatedForm } from '../../../src/policy/lint/deprecated-form.ts'
import { findInBase, summarize } from './rule-findings.ts'

const find = (text: string) => summarize(findInBase(deprecatedForm, text))

test('writes out the replacement of each deprecated form', () => {
  expect(find('tls_cipher = AES-256-GCM\nssh_etm = 0\ngroup = X25519-MLKEM768\n')).toEqual([
    'warning POLICY_DEPRECATED_PROPERTY BASE.pol:1:1 tls_cipher is deprecated, write cipher@TLS',
    'warning POLICY_DEPRECATED_PROPERTY BASE.pol:2:1 ssh_etm = 0 is deprecated, write etm@SSH = DISABLE_ETM',
    'warning POLICY_DEPRECATED_VALUE BASE.pol:3:9 X25519-MLKEM768 is deprecated, write MLKEM768-X25519',
  ])
})

test('notes a lower bound with the versions that it takes away', () => {
  expect(find('min_dtls_version = DTLS1.2\nmin_tls_version = 0\n')).toEqual([
    'note LINT_LOWER_BOUND BASE.pol:1:1 min_dtls_version = DTLS1.2 is old style, write protocol@TLS = -DTLS0.9 -DTLS1.0',
    'note LINT_LOWER_BOUND BASE.pol:2:1 min_tls_version = 0 takes nothing away, leave it out',
  ])
})

test('leaves a lower bound that means nothing to the parser', () => {
  expect(find('min_tls_version = TLS9\nmin_tls_version@ssh = TLS1.2\n')).toEqual([])
})
