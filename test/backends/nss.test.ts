import { expect, test } from 'vitest'
import { nss } from '../../src/backends/nss.ts'
import { generateText } from './generate-text.ts'

function allowed(...lines: readonly string[]): readonly string[] {
  const [, list] = /disallow=ALL allow=([^"]*)"/.exec(generateText(nss, ...lines)) ?? []
  return list?.split(':') ?? []
}

test.each([
  ['SSL2.0 TLS1.2 TLS1.3', 'tls1.2'],
  ['SSL2.0 SSL3.0', 'ssl3.0'],
  ['SSL2.0', '65535'],
  ['DTLS1.2', '0'],
])('begins TLS for %s at %s', (protocols, bound) => {
  expect(allowed(`protocol = ${protocols}`)).toContain(`tls-version-min=${bound}`)
})

test.each([
  ['DTLS0.9 DTLS1.2', 'dtls1.2'],
  ['DTLS0.9', '65535'],
  ['TLS1.2', '0'],
])('begins DTLS for %s at %s', (protocols, bound) => {
  expect(allowed(`protocol = ${protocols}`)).toContain(`dtls-version-min=${bound}`)
})

test('tells reading old PKCS #12 files from writing new ones', () => {
  const names = allowed('cipher@pkcs12-import = 3DES-CBC', 'cipher@pkcs12 = AES-256-CBC+')
  expect(names).toContain('des-ede3-cbc/pkcs12-legacy')
  expect(names).toContain('aes256-cbc/pkcs12')
})

test('takes the hashes of signatures from the signatures', () => {
  expect(allowed('sign@tls = ECDSA-SHA2-256')).toContain('SHA256/cert-signature,signature')
})

test('allows RSA keys with RSA-PSS', () => {
  const names = allowed('sign = RSA-PSS-SHA2-256')
  expect(names).toContain('RSA-PSS')
  expect(names).toContain('RSA-PKCS')
})

test('allows nothing by name where the policy enables nothing', () => {
  expect(allowed('cipher =')).toEqual([
    'tls-version-min=0',
    'dtls-version-min=0',
    'DH-MIN=0',
    'DSA-MIN=0',
    'RSA-MIN=0',
  ])
})
