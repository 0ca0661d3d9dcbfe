/** How bad a suite is by its name in the registry of IANA. */
import { expect, test } from 'vitest'
import { isModern, suiteSeverity } from '../../../src/audit/compare/suite-severity.ts'

test.each([
  ['TLS_RSA_WITH_NULL_SHA256', 'critical'],
  ['TLS_ECDHE_PSK_WITH_NULL_SHA', 'critical'],
  ['TLS_DH_anon_WITH_AES_256_GCM_SHA384', 'critical'],
  ['TLS_ECDH_anon_WITH_RC4_128_SHA', 'critical'],
  ['TLS_RSA_EXPORT_WITH_RC4_40_MD5', 'critical'],
  ['TLS_ECDHE_RSA_WITH_RC4_128_SHA', 'high'],
  ['TLS_RSA_WITH_DES_CBC_SHA', 'high'],
  ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', 'high'],
  ['SSL_CK_RC2_128_CBC_WITH_MD5', 'high'],
  ['SSL_CK_IDEA_128_CBC_WITH_MD5', 'high'],
  ['TLS_RSA_WITH_IDEA_CBC_SHA', 'medium'],
  ['TLS_RSA_WITH_SEED_CBC_SHA', 'medium'],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'medium'],
  ['0x1234', 'medium'],
])('%s is %s', (name, severity) => {
  expect(suiteSeverity(name)).toBe(severity)
})

test.each([
  ['TLS_AES_128_CCM_8_SHA256', true],
  ['TLS_CHACHA20_POLY1305_SHA256', true],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', true],
  ['TLS_DHE_RSA_WITH_AES_256_CCM', true],
  ['TLS_PSK_DHE_WITH_AES_128_CCM_8', true],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', false],
  ['TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256', false],
  ['TLS_DH_anon_WITH_AES_128_GCM_SHA256', false],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', false],
  ['TLS_DHE_RSA_WITH_AES_256_CBC_SHA', false],
  ['TLS_SM4_GCM_SM3', true],
])('%s has forward secrecy and authenticates as it encrypts: %s', (name, expected) => {
  expect(isModern(name)).toBe(expected)
})
