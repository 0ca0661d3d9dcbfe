import { describe, expect, it } from 'vitest'
import { type AllowedTls, NOTHING_ALLOWED } from '../../src/algorithms/allowed-tls.ts'
import {
  canSign,
  canSignFor,
  exchangeKind,
  isDhGroup,
  isSigningVersion,
  isTls13Group,
  isTls13Suite,
  needsCertificate,
  takesCertificates,
} from '../../src/algorithms/handshake-needs.ts'
import {
  bitsOfGroup,
  bitsOfScheme,
  bitsOfSuite,
} from '../../src/algorithms/openssl-security-bits.ts'
import { registeredGroupName, tableVersionName } from '../../src/algorithms/other-names.ts'
import { versionsOf } from '../../src/algorithms/protocol.ts'
import {
  findTlsGroup,
  findTlsGroupByGnutlsName,
  TLS_GROUPS,
} from '../../src/algorithms/tls-groups.ts'
import { TLS_SIGNATURE_SCHEMES, tlsSignatureScheme } from '../../src/algorithms/tls-signatures.ts'
import {
  canNegotiate,
  findTlsSuite,
  findTlsSuiteByName,
  TLS_SUITES,
  type TlsSuite,
} from '../../src/algorithms/tls-suites.ts'
import {
  includesTls13,
  isBeforeTls12,
  TLS_VERSIONS,
  type TlsVersionName,
} from '../../src/algorithms/tls-versions.ts'

describe('the table of suites', () => {
  it('has every number and name once', () => {
    expect(new Set(TLS_SUITES.map(({ number }) => number)).size).toBe(TLS_SUITES.length)
    expect(new Set(TLS_SUITES.map(({ name }) => name)).size).toBe(TLS_SUITES.length)
    expect(new Set(TLS_SUITES.map(({ gnutlsName }) => gnutlsName)).size).toBe(TLS_SUITES.length)
  })

  it.each([
    [0x1301, undefined, 'AES-128-GCM', 'AEAD', 'SHA256', 'TLS1.3', undefined],
    [0xc02c, 'ECDHE-ECDSA', 'AES-256-GCM', 'AEAD', 'SHA384', 'TLS1.2', 'DTLS1.2'],
    [0x000a, 'RSA', '3DES-CBC', 'SHA1', 'SHA256', 'TLS1.0', 'DTLS0.9'],
    [0xc011, 'ECDHE-RSA', 'ARCFOUR-128', 'SHA1', 'SHA256', 'TLS1.0', undefined],
    [0xc028, 'ECDHE-RSA', 'AES-256-CBC', 'SHA384', 'SHA384', 'TLS1.2', 'DTLS1.2'],
    [0xc0ab, 'DHE-PSK', 'AES-256-CCM-8', 'AEAD', 'SHA256', 'TLS1.2', 'DTLS1.2'],
    [0x0034, 'ANON-DH', 'AES-128-CBC', 'SHA1', 'SHA256', 'TLS1.0', 'DTLS0.9'],
    [0xc03b, 'ECDHE-PSK', 'NULL', 'SHA384', 'SHA384', 'TLS1.0', 'DTLS1.2'],
    [0xc01e, 'SRP-RSA', 'AES-128-CBC', 'SHA1', 'SHA256', 'TLS1.0', 'DTLS0.9'],
    [0xc102, 'VKO-GOST-12', 'GOST28147-TC26Z-CNT', 'GOST28147-TC26Z-IMIT', 'STREEBOG-256'],
  ])('reads the parts of %x off its name', (number, keyExchange, cipher, mac, prf, ...versions) => {
    const suite = findTlsSuite(number)
    expect(suite).toMatchObject({ cipher, mac, prf })
    expect(suite?.keyExchange).toBe(keyExchange)
    if (versions.length === 0) return
    expect([suite?.minimum, suite?.datagramMinimum]).toEqual(versions)
  })

  it('finds a suite by the name of IANA or of GnuTLS', () => {
    const suite = findTlsSuite(0xcca8)
    expect(findTlsSuiteByName('TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256')).toBe(suite)
    expect(findTlsSuiteByName('TLS_ECDHE_RSA_CHACHA20_POLY1305')).toBe(suite)
  })
})

function suite(name: string): TlsSuite {
  const found = findTlsSuiteByName(name)
  if (!found) throw new Error(`no suite ${name}`)
  return found
}

function group(name: string) {
  const found = TLS_GROUPS.find((one) => one.name === name)
  if (!found) throw new Error(`no group ${name}`)
  return found
}

function version(name: TlsVersionName) {
  const found = TLS_VERSIONS.find((one) => one.name === name)
  if (!found) throw new Error(`no version ${name}`)
  return found
}

describe('a suite', () => {
  const VERSIONS: readonly TlsVersionName[] = [
    ...(['SSL3.0', 'TLS1.0', 'TLS1.1', 'TLS1.2', 'TLS1.3'] as const),
    ...(['DTLS0.9', 'DTLS1.0', 'DTLS1.2'] as const),
  ]

  it.each([
    ['TLS_AES_128_GCM_SHA256', ['TLS1.3']],
    ['TLS_RSA_WITH_AES_128_GCM_SHA256', ['TLS1.2', 'DTLS1.2']],
    [
      'TLS_RSA_WITH_AES_128_CBC_SHA',
      ['TLS1.0', 'TLS1.1', 'TLS1.2', 'DTLS0.9', 'DTLS1.0', 'DTLS1.2'],
    ],
    ['TLS_RSA_WITH_RC4_128_SHA', ['TLS1.0', 'TLS1.1', 'TLS1.2']],
    ['TLS_GOSTR341112_256_WITH_28147_CNT_IMIT', ['TLS1.2']],
  ])('%s is one of %j', (name, versions) => {
    const found = VERSIONS.filter((one) => canNegotiate(suite(name), version(one)))
    expect(found).toEqual(versions)
    expect(isTls13Suite(suite(name))).toBe(versions.includes('TLS1.3'))
  })

  /** How it agrees on a secret, whether its server shows a certificate, whose key may sign for it. */
  const EXCHANGES = [
    ['TLS_AES_128_GCM_SHA256', undefined, false, ['rsa', 'rsa-pss', 'dsa', 'ecdsa', 'ed25519']],
    ['TLS_RSA_WITH_AES_128_CBC_SHA', undefined, true, ['rsa']],
    ['TLS_RSA_PSK_WITH_AES_128_CBC_SHA', undefined, true, ['rsa']],
    [
      'TLS_PSK_WITH_AES_128_CBC_SHA',
      undefined,
      false,
      ['rsa', 'rsa-pss', 'dsa', 'ecdsa', 'ed25519'],
    ],
    ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA', 'finite-field', true, ['rsa', 'rsa-pss']],
    ['TLS_DHE_DSS_WITH_AES_128_CBC_SHA', 'finite-field', true, ['dsa']],
    [
      'TLS_DHE_PSK_WITH_AES_128_CBC_SHA',
      'finite-field',
      false,
      ['rsa', 'rsa-pss', 'dsa', 'ecdsa', 'ed25519'],
    ],
    [
      'TLS_DH_anon_WITH_AES_128_CBC_SHA',
      'finite-field',
      false,
      ['rsa', 'rsa-pss', 'dsa', 'ecdsa', 'ed25519'],
    ],
    ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'curve', true, ['rsa', 'rsa-pss']],
    ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'curve', true, ['ecdsa', 'ed25519']],
    [
      'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA',
      'curve',
      false,
      ['rsa', 'rsa-pss', 'dsa', 'ecdsa', 'ed25519'],
    ],
    [
      'TLS_ECDH_anon_WITH_AES_128_CBC_SHA',
      'curve',
      false,
      ['rsa', 'rsa-pss', 'dsa', 'ecdsa', 'ed25519'],
    ],
    [
      'TLS_GOSTR341112_256_WITH_28147_CNT_IMIT',
      undefined,
      false,
      ['rsa', 'rsa-pss', 'dsa', 'ecdsa', 'ed25519'],
    ],
  ] as const

  it.each(EXCHANGES)('%s agrees by a %s, with a certificate: %s', (name, kind, shows, keys) => {
    expect([exchangeKind(suite(name)), needsCertificate(suite(name))]).toEqual([kind, shows])
    const schemes = [
      ...(['rsa_pkcs1_sha256', 'rsa_pss_pss_sha256', 'dsa_sha1'] as const),
      ...(['ecdsa_secp256r1_sha256', 'ed25519'] as const),
    ].map(tlsSignatureScheme)
    const signing = schemes.filter((scheme) => canSignFor(suite(name), scheme))
    expect(signing.map(({ key }) => key)).toEqual(keys)
  })

  /** What OpenSSL takes it to have: SSL_CTX_set_security_level(3). */
  it.each([
    ['TLS_AES_256_GCM_SHA384', 256],
    ['TLS_CHACHA20_POLY1305_SHA256', 256],
    ['TLS_AES_128_GCM_SHA256', 128],
    ['TLS_AES_128_CCM_8_SHA256', 64],
    ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 256],
    ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 160],
    ['TLS_RSA_WITH_AES_128_CBC_SHA', 128],
    ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', 112],
    ['TLS_RSA_WITH_RC4_128_MD5', 0],
    ['TLS_RSA_WITH_NULL_SHA256', 0],
    ['TLS_DH_anon_WITH_AES_128_CBC_SHA', 0],
    ['TLS_ECDH_anon_WITH_AES_128_CBC_SHA', 0],
  ])('%s has %i bits of security', (name, bits) => {
    expect(bitsOfSuite(suite(name), 0)).toBe(bits)
  })

  it.each([
    [1023, 0],
    [1024, 80],
    [2047, 80],
    [2048, 112],
    [3071, 112],
    [3072, 128],
    [7679, 128],
    [7680, 192],
    [15359, 192],
    [15360, 256],
  ])('with a prime of %i bits has no more than %i', (dh, bits) => {
    expect(bitsOfSuite(suite('TLS_DHE_RSA_WITH_AES_256_GCM_SHA384'), dh)).toBe(bits)
    expect(bitsOfSuite(suite('TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'), dh)).toBe(256)
  })

  it('or TLS 1.3 makes a peer show a certificate', () => {
    const withSuites = (...names: string[]): AllowedTls => ({
      ...NOTHING_ALLOWED,
      suites: names.map(suite),
    })
    expect(takesCertificates(NOTHING_ALLOWED)).toBe(false)
    expect(takesCertificates({ ...NOTHING_ALLOWED, versions: [version('TLS1.3')] })).toBe(true)
    expect(takesCertificates({ ...NOTHING_ALLOWED, versions: [version('TLS1.2')] })).toBe(false)
    expect(takesCertificates(withSuites('TLS_PSK_WITH_AES_128_CBC_SHA'))).toBe(false)
    expect(
      takesCertificates(withSuites('TLS_PSK_WITH_AES_128_CBC_SHA', 'TLS_RSA_WITH_AES_128_CBC_SHA')),
    ).toBe(true)
  })
})

describe('a group', () => {
  /** Numbers of the registry (RFC 8446 section 4.2.7); bits of OpenSSL; whether TLS 1.3 has it. */
  it.each([
    [19, 'secp192r1', 96, false],
    [21, 'secp224r1', 112, false],
    [23, 'secp256r1', 128, true],
    [24, 'secp384r1', 192, true],
    [25, 'secp521r1', 260, true],
    [29, 'x25519', 128, true],
    [30, 'x448', 224, true],
    [34, 'GC256A', 128, false],
    [38, 'GC512A', 256, false],
    [256, 'ffdhe2048', 112, true],
    [257, 'ffdhe3072', 128, true],
    [260, 'ffdhe8192', 192, true],
    [0x11eb, 'SecP256r1MLKEM768', 192, true],
    [0x11ec, 'X25519MLKEM768', 192, true],
    [0x11ed, 'SecP384r1MLKEM1024', 256, true],
  ])('%i is %s with %i bits of security, of TLS 1.3: %s', (number, name, bits, isNew) => {
    expect(findTlsGroup(number)).toBe(group(name))
    expect([bitsOfGroup(group(name)), isTls13Group(group(name))]).toEqual([bits, isNew])
  })

  it('is found by the name of GnuTLS', () => {
    expect(findTlsGroupByGnutlsName('X25519-MLKEM768')).toBe(group('X25519MLKEM768'))
    expect(findTlsGroupByGnutlsName('X25519MLKEM768')).toBeUndefined()
    expect(findTlsGroup(22)).toBeUndefined()
  })

  it('of a prime that is large enough is one for servers before TLS 1.3', () => {
    const sizes = (dh: number) => ({ ...NOTHING_ALLOWED.minimumKeySizes, dh })
    expect(isDhGroup(group('ffdhe2048'), sizes(2048))).toBe(true)
    expect(isDhGroup(group('ffdhe2048'), sizes(2049))).toBe(false)
    expect(isDhGroup(group('secp521r1'), sizes(0))).toBe(false)
  })

  it.each([
    ['P-256', 'secp256r1'],
    ['p256', 'secp256r1'],
    ['prime256v1', 'secp256r1'],
    ['NISTP384', 'secp384r1'],
    ['P-521', 'secp521r1'],
    ['curve25519', 'x25519'],
    ['Curve448', 'x448'],
    ['P-224', 'secp224r1'],
    ['prime192v1', 'secp192r1'],
    ['X25519', 'X25519'],
    ['P-255', 'P-255'],
  ])('called %s is %s', (name, registered) => {
    expect(registeredGroupName(name)).toBe(registered)
  })
})

describe('a signature scheme', () => {
  /** RFC 8446 section 4.2.3, RFC 9189, draft-ietf-tls-mldsa; bits of OpenSSL; what TLS 1.3 may use. */
  it.each([
    [0x0201, 'rsa_pkcs1_sha1', 63, ['tls1.2']],
    [0x0202, 'dsa_sha1', 63, ['tls1.2']],
    [0x0203, 'ecdsa_sha1', 63, ['tls1.2']],
    [0x0401, 'rsa_pkcs1_sha256', 128, ['tls1.2']],
    [0x0403, 'ecdsa_secp256r1_sha256', 128, ['tls1.2', 'tls1.3']],
    [0x0503, 'ecdsa_secp384r1_sha384', 192, ['tls1.2', 'tls1.3']],
    [0x0601, 'rsa_pkcs1_sha512', 256, ['tls1.2']],
    [0x0804, 'rsa_pss_rsae_sha256', 128, ['tls1.2', 'tls1.3']],
    [0x0807, 'ed25519', 128, ['tls1.2', 'tls1.3']],
    [0x0808, 'ed448', 224, ['tls1.2', 'tls1.3']],
    [0x0809, 'rsa_pss_pss_sha256', 128, ['tls1.2', 'tls1.3']],
    [0x0904, 'mldsa44', 128, ['tls1.3']],
    [0x0905, 'mldsa65', 192, ['tls1.3']],
    [0x0906, 'mldsa87', 256, ['tls1.3']],
    [0x0840, 'gostr34102012_256', 256, ['tls1.2']],
  ] as const)(
    '%i is %s with %i bits of security, signing as %j',
    (number, name, bits, meanings) => {
      const scheme = tlsSignatureScheme(name)
      expect([scheme.number, scheme.name, bitsOfScheme(name)]).toEqual([number, name, bits])
      const all = ['tls1.2', 'tls1.3'] as const
      expect(all.filter((semantics) => canSign(scheme, semantics))).toEqual(meanings)
      expect(TLS_SIGNATURE_SCHEMES).toContain(scheme)
    },
  )

  it('is negotiated from TLS 1.2 on', () => {
    const signing = TLS_VERSIONS.filter(isSigningVersion)
    expect(signing.map(({ name }) => name)).toEqual(['TLS1.2', 'TLS1.3'])
  })
})

describe('a version', () => {
  it('has its number of the wire (RFC 8446 section 4.2.1, RFC 9147)', () => {
    expect(TLS_VERSIONS.map(({ name, number }) => `${name} ${number.toString(16)}`)).toEqual([
      ...['SSL3.0 300', 'TLS1.0 301', 'TLS1.1 302', 'TLS1.2 303', 'TLS1.3 304'],
      ...['DTLS0.9 100', 'DTLS1.0 feff', 'DTLS1.2 fefd'],
    ])
  })

  it('may be before TLS 1.2, or TLS 1.3', () => {
    const old = TLS_VERSIONS.filter((one) => one.transport === 'stream' && isBeforeTls12(one))
    expect(old.map(({ name }) => name)).toEqual(['SSL3.0', 'TLS1.0', 'TLS1.1'])
    expect(includesTls13([version('TLS1.2'), version('TLS1.3')])).toBe(true)
    expect(includesTls13([version('TLS1.2')])).toBe(false)
    expect(includesTls13([])).toBe(false)
  })

  it('of a family is the newest first', () => {
    const enabled = ['TLS1.0', 'DTLS1.2', 'TLS1.3', 'IKEv2', 'TLS1.2'] as const
    expect(versionsOf('tls', enabled)).toEqual(['TLS1.3', 'TLS1.2', 'TLS1.0'])
    expect(versionsOf('dtls', enabled)).toEqual(['DTLS1.2'])
    expect(versionsOf('ike', enabled)).toEqual(['IKEv2'])
    expect(versionsOf('ike', [])).toEqual([])
  })

  it.each([
    ['TLSv1.3', 'TLS1.3'],
    ['tls 1.2', 'TLS1.2'],
    ['TLS1.1', 'TLS1.1'],
    ['TLSv1', 'TLS1.0'],
    ['SSLv3', 'SSL3.0'],
    ['DTLSv1.2', 'DTLS1.2'],
    ['dtlsv1', 'DTLS1.0'],
    ['TLSv1.2x', 'TLSv1.2x'],
    ['xTLSv1.2', 'xTLSv1.2'],
    ['TLS', 'TLS'],
    ['IKEv2', 'IKEv2'],
    ['TLSv1.', 'TLSv1.'],
  ])('called %s is %s', (name, ours) => {
    expect(tableVersionName(name)).toBe(ours)
  })
})
