import { describe, expect, it } from 'vitest'
import { findTlsSuite, findTlsSuiteByName, TLS_SUITES } from '../../src/algorithms/tls-suites.ts'

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
