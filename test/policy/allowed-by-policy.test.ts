import { expect, test } from 'vitest'
import { policyNamesOf } from '../../src/algorithms/policy-names-in-tls.ts'
import { findTlsSuiteByName } from '../../src/algorithms/tls-suites.ts'
import { formatLocation } from '../../src/diagnostics/source.ts'
import { allowedByPolicy } from '../../src/policy/allowed-by-policy.ts'
import { parsePolicy } from '../../src/policy/policy.ts'
import { partsOfSuite } from '../../src/policy/tls-parts.ts'

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

const ALL = 'cipher = AES-128-CBC\nmac = HMAC-SHA1\nprotocol@TLS = TLS1.2\n'

/** Names of the registry by the policy's word for the part. */
test.each([
  ['key_exchange = RSA', ['TLS_RSA_WITH_AES_128_CBC_SHA']],
  ['key_exchange = DHE-RSA', ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA']],
  ['key_exchange = DHE-DSS', ['TLS_DHE_DSS_WITH_AES_128_CBC_SHA']],
  ['key_exchange = PSK', ['TLS_PSK_WITH_AES_128_CBC_SHA']],
  ['key_exchange = DHE-PSK', ['TLS_DHE_PSK_WITH_AES_128_CBC_SHA']],
  ['key_exchange = ECDHE-PSK', ['TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA']],
  ['key_exchange = RSA-PSK', ['TLS_RSA_PSK_WITH_AES_128_CBC_SHA']],
  [
    'key_exchange = ANON',
    ['TLS_DH_anon_WITH_AES_128_CBC_SHA', 'TLS_ECDH_anon_WITH_AES_128_CBC_SHA'],
  ],
  ['key_exchange = RSA\nmac = HMAC-SHA2-256', ['TLS_RSA_WITH_AES_128_CBC_SHA256']],
  ['key_exchange = RSA\ncipher = RC4-128\nmac = HMAC-MD5', ['TLS_RSA_WITH_RC4_128_MD5']],
  ['key_exchange = RSA\nprotocol@TLS = DTLS1.2', ['TLS_RSA_WITH_AES_128_CBC_SHA']],
  ['key_exchange = RSA\nprotocol@TLS = TLS1.0', ['TLS_RSA_WITH_AES_128_CBC_SHA']],
  ['key_exchange = RSA\nprotocol@TLS = TLS1.1\nmac = HMAC-SHA2-256', []],
  ['key_exchange = RSA\nprotocol@TLS =', []],
  ['key_exchange = RSA\nprotocol@TLS = TLS1.3', []],
  ['key_exchange = RSA\nhash = -SHA2-256', []],
  ['key_exchange = RSA\nhash = -SHA2-384', ['TLS_RSA_WITH_AES_128_CBC_SHA']],
  ['key_exchange = ECDH', []],
  [
    'key_exchange = RSA\ncipher = AES-256-GCM AES-128-GCM\nmac = AEAD\nprotocol@TLS = TLS1.3 TLS1.2',
    [
      ...['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256'],
      ...['TLS_RSA_WITH_AES_256_GCM_SHA384', 'TLS_RSA_WITH_AES_128_GCM_SHA256'],
    ],
  ],
  [
    'key_exchange =\ncipher = AES-256-GCM\nmac = AEAD\nprotocol@TLS = TLS1.3',
    ['TLS_AES_256_GCM_SHA384'],
  ],
])('%j allows %j', (module, suites) => {
  expect(namesOf(allowedOf(`${ALL}${module}\n`).suites)).toEqual(suites)
})

test.each([
  ['protocol@TLS = TLS1.3', ['x25519', 'ffdhe2048', 'X25519MLKEM768']],
  ['key_exchange = DHE-RSA', ['ffdhe2048']],
  ['key_exchange = DHE-RSA ECDHE', ['x25519', 'ffdhe2048']],
  ['key_exchange = RSA', []],
  ['key_exchange = RSA\ngroup = GOST-GC256A', []],
  ['protocol@TLS = TLS1.3\ngroup = GOST-GC256A', []],
  ['key_exchange = ANON\ngroup = SECP256R1', ['secp256r1']],
])('%j allows the groups %j', (module, groups) => {
  const text = module.includes('TLS1.3') ? module : `${ALL}${module}`
  expect(namesOf(allowedOf(`${text}\n`).groups)).toEqual(groups)
})

test.each([
  ['TLS1.2', ['rsa_pkcs1_sha256', 'dsa_sha1', 'gostr34102012_256', 'ed25519']],
  ['TLS1.3', ['rsa_pkcs1_sha256', 'ed25519', 'mldsa65']],
  ['TLS1.3 TLS1.2', ['rsa_pkcs1_sha256', 'dsa_sha1', 'gostr34102012_256', 'ed25519', 'mldsa65']],
  ['DTLS1.2', ['rsa_pkcs1_sha256', 'dsa_sha1', 'gostr34102012_256', 'ed25519']],
])('under %s the signature schemes are %j', (versions, schemes) => {
  const sign = 'sign = RSA-SHA2-256 DSA-SHA1 GOSTR341012-256 EDDSA-ED25519 MLDSA65 RSA-SHA2-224'
  const allowed = allowedOf(`protocol@TLS = ${versions}\n${sign}\n`)
  expect(namesOf(allowed.signatureSchemes)).toEqual(schemes)
})

test('takes the smallest keys of each kind, and the versions of TLS alone', () => {
  const sizes = 'min_rsa_size = 1\nmin_dsa_size = 2\nmin_ec_size = 3\nmin_dh_size = 4\n'
  const { minimumKeySizes, versions } = allowedOf(`${sizes}protocol = TLS1.2 IKEv2 DTLS1.0\n`)
  expect(minimumKeySizes).toEqual({ rsa: 1, dsa: 2, ec: 3, dh: 4 })
  expect(namesOf(versions)).toEqual(['TLS1.2', 'DTLS1.0'])
})

test.each([
  ['TLS_AES_128_GCM_SHA256', ['AES-128-GCM', 'AEAD', 'SHA2-256']],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', ['ECDHE', 'AES-256-CBC', 'HMAC-SHA1', 'SHA2-256']],
  ['TLS_RSA_WITH_RC4_128_MD5', ['RSA', 'RC4-128', 'HMAC-MD5', 'SHA2-256']],
  ['TLS_DH_anon_WITH_AES_128_CBC_SHA', ['ANON', 'AES-128-CBC', 'HMAC-SHA1', 'SHA2-256']],
  [
    'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
    ['ECDHE', 'AES-256-CBC', 'HMAC-SHA2-384', 'SHA2-384'],
  ],
  ['TLS_SRP_SHA_WITH_AES_128_CBC_SHA', ['SRP', 'AES-128-CBC', 'HMAC-SHA1', 'SHA2-256']],
])('%s is made of %j', (name, parts) => {
  const suite = findTlsSuiteByName(name)
  expect(suite && policyNamesOf(suite)).toEqual(parts)
})

test.each([
  [
    'TLS_AES_128_GCM_SHA256',
    ['cipher AES-128-GCM', 'mac AEAD', 'hash SHA2-256', 'protocol TLS1.3'],
  ],
  [
    'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    [
      ...['cipher AES-256-GCM', 'mac AEAD', 'hash SHA2-384', 'key_exchange ECDHE'],
      'protocol TLS1.2,DTLS1.2',
    ],
  ],
  [
    'TLS_RSA_WITH_RC4_128_SHA',
    [
      ...['cipher RC4-128', 'mac HMAC-SHA1', 'hash SHA2-256', 'key_exchange RSA'],
      'protocol TLS1.0,TLS1.1,TLS1.2',
    ],
  ],
])('%s needs of a policy %j', (name, parts) => {
  const suite = findTlsSuiteByName(name)
  const needed = suite ? partsOfSuite(suite) : []
  expect(needed.map(({ property, values }) => `${property} ${values}`)).toEqual(parts)
})
