import { expect, test } from 'vitest'
import { formatLocation } from '../../src/diagnostics/source.ts'
import { allowedByPolicy } from '../../src/policy/allowed-by-policy.ts'
import { parsePolicy } from '../../src/policy/policy.ts'

const BASE = `protocol@TLS = TLS1.2
key_exchange = ECDHE
cipher = AES-256-GCM AES-128-CBC
mac = AEAD HMAC-SHA1
hash = SHA2-256 SHA2-384
group = X25519 FFDHE-2048 MLKEM768-X25519
sign = ECDSA-SHA2-256 MLDSA44
min_rsa_size = 2048
`

function allowedOf(module: string) {
  const texts = [
    { name: 'BASE.pol', text: BASE },
    { name: 'M.pmod', text: module },
  ]
  return allowedByPolicy(parsePolicy('BASE:M', texts).policy, 'gnutls')
}

function namesOf(rows: readonly { readonly name: string }[]): readonly string[] {
  return rows.map(({ name }) => name)
}

test('makes suites of what is enabled, by key exchange, cipher and MAC', () => {
  expect(namesOf(allowedOf('').suites)).toEqual([
    'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
    'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  ])
})

test('leaves out groups and signature schemes that no version can use', () => {
  const allowed = allowedOf('')
  expect(namesOf(allowed.groups)).toEqual(['x25519'])
  expect(namesOf(allowed.signatureSchemes)).toEqual(['ecdsa_secp256r1_sha256'])
  const newer = allowedOf('protocol@TLS = +TLS1.3')
  expect(namesOf(newer.groups)).toEqual(['x25519', 'ffdhe2048', 'X25519MLKEM768'])
  expect(namesOf(newer.signatureSchemes)).toEqual(['ecdsa_secp256r1_sha256', 'mldsa44'])
})

test('says of each part which lines allow it', () => {
  const { suites, origins } = allowedOf('cipher@gnutls = +CHACHA20-POLY1305\nmin_rsa_size = 3072\n')
  const linesOf = (element: Parameters<typeof origins.get>[0]) =>
    (origins.get(element) ?? []).map(({ property, value, span }) => {
      return `${property} ${value} ${span && formatLocation(span)}`
    })
  const suite = suites.find(({ cipher }) => cipher === 'CHACHA20-POLY1305')
  expect(suite && linesOf(suite)).toEqual([
    'key_exchange ECDHE BASE.pol:2:16',
    'cipher CHACHA20-POLY1305 M.pmod:1:17',
    'mac AEAD BASE.pol:4:7',
    'hash SHA2-256 BASE.pol:5:8',
  ])
  expect(linesOf('rsa')).toEqual(['min_rsa_size 3072 M.pmod:2:1'])
  expect(linesOf('dsa')).toEqual(['min_dsa_size 0 undefined'])
})
