/**
 * What libraries keep under policies that are changed in one place. Clients and servers of the libraries are asked in
 * test/interop/policy and in looseness.test.ts; here what changes is seen without them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findTlsSuiteByName } from '../../src/algorithms/tls-suites.ts'
import { readJavaOffer } from '../../src/backends/looseness/java-offer.ts'
import { findLooseness, type LoosenessSearch } from '../../src/backends/looseness/looseness.ts'
import { OPENSSL_TURNS, readOpensslOffers } from '../../src/backends/looseness/openssl-offer.ts'
import type { JdkRelease } from '../../src/priority/library-releases.ts'
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

const NO_CURVES = 'x25519, x448, secp256r1, secp384r1, secp521r1'
const NO_PRIMES = 'ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144, ffdhe8192'

/** Whether Java offers a suite where these words are disabled. */
test.each<[suite: string, words: string, curves: string, offered: boolean, release?: JdkRelease]>([
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', '', '', true],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', '', NO_CURVES, false],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', '', NO_CURVES.replace('x25519, ', ''), true],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', '', NO_CURVES.replace('x448, ', ''), true],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', '', NO_CURVES.replace(', secp384r1', ''), true],
  [
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'EC keySize < 384',
    NO_CURVES.replace(', secp384r1', ''),
    true,
  ],
  [
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'EC keySize < 385',
    NO_CURVES.replace(', secp384r1', ''),
    false,
  ],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'EC', NO_CURVES.replace(', secp384r1', ''), false],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'EC', '', true],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE', '', false],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'RSA', '', false],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'RSA', '', true],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'AES_128_GCM', '', false],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'HmacSHA256', '', false],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLSv1.2, TLSv1.1, TLSv1', '', true],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', '', NO_CURVES, true],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_GCM_SHA256', '', false],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', '', '', true],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', '', NO_PRIMES, false],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', '', NO_PRIMES.replace('ffdhe2048, ', ''), true],
  [
    'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
    'DH keySize < 2048',
    NO_PRIMES.replace('ffdhe2048, ', ''),
    true,
  ],
  [
    'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
    'DH keySize < 2049',
    NO_PRIMES.replace('ffdhe2048, ', ''),
    false,
  ],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'DH keySize < 8192', '', true],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'DH keySize < 8193', '', false],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'DHE_RSA', '', false],
  ['TLS_AES_128_GCM_SHA256', '', NO_CURVES, true],
  ['TLS_AES_128_GCM_SHA256', 'AES_128_GCM', '', true, '21'],
  ['TLS_AES_128_GCM_SHA256', 'AES_128_GCM', '', false, '25'],
  ['TLS_AES_128_GCM_SHA256', 'HmacSHA256', '', false],
  ['TLS_AES_256_GCM_SHA384', 'HmacSHA256', '', true],
  ['TLS_CHACHA20_POLY1305_SHA256', 'ChaCha20-Poly1305', '', false, '17'],
  ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', '', '', true, '17'],
  ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', '', '', false, '21'],
  ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', '3DES_EDE_CBC', '', false, '17'],
])('Java offers %s without %j and %j: %s', (name, words, curves, offered, release = '17') => {
  const text = `jdk.tls.disabledAlgorithms=${words}\njdk.disabled.namedCurves=${curves}\n`
  const { suites } = readJavaOffer(text, release)
  expect(suites.some((suite) => suite === findTlsSuiteByName(name))).toBe(offered)
})

test.each([
  ['', '17', ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0', 'DTLS1.2', 'DTLS1.0'], 0, 6],
  ['TLSv1.2, TLSv1.1, TLSv1, DTLSv1.0', '17', ['TLS1.3', 'DTLS1.2'], 0, 6],
  ['TLSv1', '25', ['TLS1.3', 'TLS1.2', 'TLS1.1', 'DTLS1.2', 'DTLS1.0'], 1, 6],
  ['HmacSHA256, HmacSHA384', '25', [], 0, 0],
  ['RSA', '17', ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0', 'DTLS1.2', 'DTLS1.0'], 0, 3],
] as const)('Java without %j, %s, has %j', (words, release, versions, groups, signatures) => {
  const offer = readJavaOffer(`jdk.tls.disabledAlgorithms=${words}\n`, release)
  expect(offer.versions).toEqual(versions)
  expect([offer.groups.length, offer.signatures.length]).toEqual([groups, signatures])
})

/** What each turn of OpenSSL makes of a text. */
function turns(lines: readonly string[], what: 'versions' | 'suites13' | 'groups' | 'signatures') {
  const text = [
    'CipherString = @SECLEVEL=2:kEECDH:-aPSK:-SHA1',
    ...['Ciphersuites = TLS_AES_128_GCM_SHA256', 'Groups = X25519:secp256r1'],
    ...['SignatureAlgorithms = ECDSA+SHA256:RSA+SHA256', ...lines],
  ]
  return readOpensslOffers(`${text.join('\n')}\n`).map((offer) => {
    const all: readonly (string | { readonly name: string })[] = offer[what]
    return all.map((one) => (typeof one === 'string' ? one : one.name)).join(' ')
  })
}

test('OpenSSL goes by bounds of versions that it knows', () => {
  const versions = (...lines: string[]) => [...new Set(turns(lines, 'versions'))]
  const [NEW, ALL] = ['TLS1.3 TLS1.2 DTLS1.2', 'TLS1.3 TLS1.2 TLS1.1 TLS1.0 DTLS1.2 DTLS1.0']
  expect(versions()).toEqual([ALL, NEW])
  expect(versions('TLS.MinProtocol = TLSv1.2')).toEqual(['TLS1.3 TLS1.2 DTLS1.2 DTLS1.0', NEW])
  expect(versions('TLS.MinProtocol = TLSv1.3')).toEqual([
    'TLS1.3 DTLS1.2 DTLS1.0',
    'TLS1.3 DTLS1.2',
  ])
  expect(versions('TLS.MinProtocol = DTLSv1.2')).toEqual([ALL, NEW])
  expect(versions('TLS.MinProtocol = SSLv3')).toEqual([ALL, NEW])
  expect(versions('TLS.MaxProtocol = TLSv1.2')).toEqual([ALL.slice(7), NEW.slice(7)])
  expect(versions('TLS.MaxProtocol = SSLv3')).toEqual(['DTLS1.2 DTLS1.0', 'DTLS1.2'])
  expect(versions('DTLS.MinProtocol = DTLSv1.2')).toEqual([ALL.slice(0, -8), NEW])
  expect(versions('DTLS.MinProtocol = DTLSv0.9')).toEqual([ALL, NEW])
})

test('OpenSSL at a level has old versions by release', () => {
  const atLevel = (level: number) =>
    turns([`CipherString = @SECLEVEL=${level}:kEECDH:-aPSK`], 'versions')
  expect(OPENSSL_TURNS).toEqual(['3.0', '3.2', '3.3', '3.4', '3.5'])
  const ALL = 'TLS1.3 TLS1.2 TLS1.1 TLS1.0 DTLS1.2 DTLS1.0'
  const NEW = 'TLS1.3 TLS1.2 DTLS1.2'
  expect(atLevel(0)).toEqual([ALL, ALL, ALL, ALL, ALL])
  expect(atLevel(2)).toEqual([ALL, NEW, NEW, NEW, NEW])
  expect(atLevel(3)).toEqual([ALL.replace(' TLS1.0', ''), NEW, NEW, NEW, NEW])
})

test('OpenSSL has its own suites of TLS 1.3 where it knows none of the list', () => {
  const OWN = 'TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_GCM_SHA256'
  const suites = (list: string, level = 2) =>
    turns([`CipherString = @SECLEVEL=${level}:kEECDH`, `Ciphersuites = ${list}`], 'suites13')
  expect(new Set(suites('TLS_AES_128_GCM_SHA256'))).toEqual(new Set(['TLS_AES_128_GCM_SHA256']))
  expect(new Set(suites(''))).toEqual(new Set(['']))
  expect(suites('TLS_SHA256_SHA256')).toEqual([OWN, OWN, OWN, '', ''])
  expect(new Set(suites('TLS_SHA256_SHA256:TLS_AES_128_GCM_SHA256'))).toEqual(
    new Set(['TLS_AES_128_GCM_SHA256']),
  )
})

test('OpenSSL has its own groups before 3.5, and its own signatures where it knows none', () => {
  expect(turns([], 'groups').map((names) => names.split(' ').filter(Boolean).length)).toEqual([
    ...[10, 10, 10, 10, 0],
  ])
  const signatures = (list: string) =>
    turns([`SignatureAlgorithms = ${list}`], 'signatures').map((names) => names !== '')
  expect(signatures('RSA+SHA256:ECDSA+SHA256')).toEqual([false, false, false, false, false])
  expect(signatures('')).toEqual([true, true, true, true, true])
  expect(signatures('RSA+SHA256:?mldsa65')).toEqual([true, true, false, false, false])
  expect(signatures('RSA+SHA256:?ecdsa_brainpoolP256r1_sha256')).toEqual([
    ...[true, true, false, false, false],
  ])
  expect(signatures('?falcon512')).toEqual([true, true, true, true, true])
})

test('a policy without sizes lets keys of any size through unnoticed', () => {
  const kept = (sizes: string) =>
    find(sizes, { backend: 'gnutls' }).map(({ id, kept: names }) => `${id}: ${names.join(', ')}`)
  expect(kept('min_rsa_size = 700\nmin_dh_size = 0')).toEqual([
    'gnutls-no-profile: RSA keys of any size',
  ])
  expect(kept('min_rsa_size = 0\nmin_dh_size = 0')).toEqual([])
})
