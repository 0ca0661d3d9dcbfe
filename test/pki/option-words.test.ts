/** The values of `--days` and `--key`: what is taken, and what a refusal offers instead. */
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { keyKindOf, parseKeyRequest } from '../../src/pki/key-kind.ts'
import { layoutAt, parseIdentity } from '../../src/pki/layout.ts'
import {
  encodePrivateKey,
  isKeyFileEncrypted,
  readPassphrase,
  readPrivateKey,
} from '../../src/pki/private-key-file.ts'
import { parsePskBits } from '../../src/pki/psk-file.ts'
import { quoted } from '../../src/pki/quoted-value.ts'
import { daysOf, parseDays, validFor, withinIssuer } from '../../src/pki/validity-period.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { make } from '../x509/made-certificate.ts'

describe('days', () => {
  test.each([
    ['1', 1],
    ['30d', 30],
    ['4w', 28],
    ['36500', 36_500],
    ['5214w', 36_498],
  ])('%s are %d', (text, days) => {
    expect(parseDays(text)).toBe(days)
  })

  test.each(['', '0', '0w', '36501', '5215w', '99999w', '-1', '1.5', '1y', ' 1', '1\n', '1e3'])(
    '%j is refused',
    (text) => {
      expect(() => parseDays(text)).toThrow(refusal('PKI_DAYS_INVALID'))
    },
  )
})

describe('keys', () => {
  test.each<readonly [text: string, request: object]>([
    ['rsa', { type: 'rsa' }],
    ['RSA:4096', { type: 'rsa', bits: 4096 }],
    ['ecdsa:P-256', { type: 'ecdsa', curve: 'secp256r1' }],
    ['ed25519', { type: 'ed25519' }],
    ['rsa:1024', { type: 'rsa', bits: 1024 }],
    ['rsa:16384', { type: 'rsa', bits: 16_384 }],
    ['rsa:3000', { type: 'rsa', bits: 3000 }],
    ...['prime256v1', 'p256', '256', 'secp256r1'].map((name): [string, object] => [
      `ecdsa:${name}`,
      { type: 'ecdsa', curve: 'secp256r1' },
    ]),
    ...['p-384', 'p384', '384', 'secp384r1'].map((name): [string, object] => [
      `ecdsa:${name}`,
      { type: 'ecdsa', curve: 'secp384r1' },
    ]),
    ...['p-521', 'P521', '521', 'secp521r1'].map((name): [string, object] => [
      `ecdsa:${name}`,
      { type: 'ecdsa', curve: 'secp521r1' },
    ]),
  ])('%s', (text, request) => {
    expect(parseKeyRequest(text)).toEqual(request)
  })

  test.each([
    ['ecdsa:none', /secp256r1, secp384r1, secp521r1/],
    ['rsa:none', /a multiple of 8 from \d+ to \d+/],
    ['rsa:2049', /a multiple of 8 from \d+ to \d+/],
    ['rsa:1016', /a multiple of 8 from 1024 to 16384/],
    ['rsa:16392', /a multiple of 8 from 1024 to 16384/],
    ['rsa:016384', /a multiple of 8 from 1024 to 16384/],
  ])('a size of %s is refused, and those that there are are told', (text, offered) => {
    expect(() => parseKeyRequest(text)).toThrow(refusal('PKI_KEY_SIZE_UNKNOWN'))
    expect(() => parseKeyRequest(text)).toThrow(
      expect.objectContaining({
        diagnostics: [expect.objectContaining({ hint: expect.stringMatching(offered) })],
      }),
    )
  })
})

test('a size of a type that has one size is refused without an offer', () => {
  expect(() => parseKeyRequest('ed25519:256')).toThrow(refusal('PKI_KEY_SIZE_UNKNOWN'))
  for (const text of ['rsa:3072:1', 'rsa::', 'dsa', 'x25519']) {
    expect(() => parseKeyRequest(text)).toThrow(refusal('PKI_KEY_UNKNOWN'))
  }
})

test('the kind of a key that is there is told by its curve or its size', () => {
  const kindOf = (...args: readonly unknown[]) =>
    keyKindOf(generateKeyPairSync(...(args as ['ed25519'])).privateKey)
  expect(kindOf('rsa', { modulusLength: 1024 })).toEqual({ type: 'rsa', bits: 1024 })
  for (const [namedCurve, curve] of [
    ['prime256v1', 'secp256r1'],
    ['secp384r1', 'secp384r1'],
    ['secp521r1', 'secp521r1'],
  ]) {
    expect(kindOf('ec', { namedCurve })).toEqual({ type: 'ecdsa', curve })
  }
  expect(kindOf('ec', { namedCurve: 'secp256k1' })).toBeUndefined()
  expect(kindOf('ed25519')).toEqual({ type: 'ed25519' })
  expect(kindOf('ed448')).toEqual({ type: 'ed448' })
  expect(kindOf('x25519')).toBeUndefined()
  expect(kindOf('rsa-pss', { modulusLength: 1024 })).toBeUndefined()
})

test.each(['0', '1', '2', '3'])('%s is the number of an identity', (text) => {
  expect(parseIdentity(text)).toBe(Number(text))
})

test.each(['4', '-1', '00', '', '1.0'])('%j is the number of no identity', (text) => {
  expect(() => parseIdentity(text)).toThrow(refusal('PKI_IDENTITY_INVALID'))
})

/** The names that QEMU and libvirt have in their documents. */
test('files stand where QEMU and libvirt look for them', () => {
  const [qemu, libvirt] = [layoutAt('qemu', '/q'), layoutAt('libvirt', '/l')]
  expect(qemu.authority).toEqual({ certificate: '/q/ca-cert.pem', key: '/q/ca-key.pem' })
  expect(qemu.revocationList).toBe('/q/ca-crl.pem')
  expect(qemu.pair('client')).toEqual({
    certificate: '/q/client-cert.pem',
    key: '/q/client-key.pem',
  })
  expect(qemu.pair('server', 0)).toEqual({
    certificate: '/q/server-cert-0.pem',
    key: '/q/server-key-0.pem',
  })
  expect(qemu.request('server', 3)).toBe('/q/server-request-3.pem')
  expect(qemu.request('server')).toBe('/q/server-request.pem')
  expect(libvirt.authority).toEqual({
    certificate: '/l/CA/cacert.pem',
    key: '/l/CA/private/cakey.pem',
  })
  expect(libvirt.revocationList).toBe('/l/CA/cacrl.pem')
  expect(libvirt.pair('client')).toEqual({
    certificate: '/l/libvirt/clientcert.pem',
    key: '/l/libvirt/private/clientkey.pem',
  })
  expect(() => libvirt.pair('server', 0)).toThrow(refusal('PKI_IDENTITY_LAYOUT'))
})

test.each([
  ['128', 128],
  ['136', 136],
  ['512', 512],
])('a shared key may have %s bits', (text, bits) => {
  expect(parsePskBits(text)).toBe(bits)
})

test.each(['120', '520', '129', '00128', '+128', '1e3', ' 128'])(
  'a shared key has no %j bits',
  (text) => {
    expect(() => parsePskBits(text)).toThrow(refusal('PKI_PSK_BITS_INVALID'))
  },
)

test('a value is shown between quotes, short, with nothing that drives a terminal', () => {
  expect(quoted('a "b" \\ \u001b[2J\n')).toBe('`a "b" \\\\ \\u001b[2J\\n`')
  expect(quoted('x'.repeat(100))).toBe(`\`${'x'.repeat(100)}\``)
  expect(quoted('x'.repeat(101))).toBe(`\`${'x'.repeat(100)}\``)
})

describe('a private key in a file', () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const fileWith = (text: string): string => {
    const folder = scratchFolder()
    writeFiles(folder, { 'key.pem': text })
    return join(folder, 'key.pem')
  }
  const [open, sealed] = [encodePrivateKey(privateKey), encodePrivateKey(privateKey, 'secret')]

  test('is read, with its passphrase where it has one', () => {
    expect(readPrivateKey(fileWith(open)).equals(privateKey)).toBe(true)
    expect(readPrivateKey(fileWith(open), 'any').equals(privateKey)).toBe(true)
    expect(readPrivateKey(fileWith(sealed), 'secret').equals(privateKey)).toBe(true)
    expect([open, sealed, 'none'].map((text) => isKeyFileEncrypted(fileWith(text)))).toEqual([
      ...[false, true, false],
    ])
  })

  test('is refused by what it lacks', () => {
    const read = (text: string, passphrase?: string) => () =>
      readPrivateKey(fileWith(text), passphrase)
    expect(read('none')).toThrow(refusal('PKI_KEY_UNREADABLE'))
    expect(read(open.replace('MC', 'MD'))).toThrow(refusal('PKI_KEY_UNREADABLE'))
    expect(read(sealed)).toThrow(refusal('PKI_PASSPHRASE_MISSING'))
    expect(read(sealed, 'Secret')).toThrow(refusal('PKI_PASSPHRASE_WRONG'))
  })
})

test.each([
  ['words and spaces \nmore\n', 'words and spaces '],
  ['words\r\n', 'words'],
  ['a\rb\n', 'a\rb'],
  ['words', 'words'],
])('of a file %j the first line is the passphrase', (text, passphrase) => {
  const folder = scratchFolder()
  writeFiles(folder, { file: text })
  expect(readPassphrase(join(folder, 'file'))).toBe(passphrase)
})

test.each(['', '\n', '\r\n', '\nwords\n'])('a file %j has no passphrase', (text) => {
  const folder = scratchFolder()
  writeFiles(folder, { file: text })
  expect(() => readPassphrase(join(folder, 'file'))).toThrow(refusal('PKI_PASSPHRASE_EMPTY'))
})

describe('how long a certificate is valid', () => {
  const now = new Date('2030-01-10T12:00:00.999Z')
  const of = (hours: number) => {
    const made = new X509Certificate(make({ subject: 'x', from: 0, until: hours }).raw)
    return daysOf(made)
  }

  test('it begins an hour ago and ends after so many days, in whole seconds', () => {
    expect(validFor(2, now)).toEqual({
      notBefore: new Date('2030-01-10T11:00:00Z'),
      notAfter: new Date('2030-01-12T12:00:00Z'),
    })
  })

  test('it ends with its issuer at the latest, and begins no sooner', () => {
    const issuer = new X509Certificate(make({ subject: 'x', from: -1, until: 1 }).raw)
    const { validFromDate: from, validToDate: until } = issuer
    const shift = (date: Date, seconds: number) => new Date(date.getTime() + seconds * 1000)
    const within = { notBefore: shift(from, 1), notAfter: shift(until, -1) }
    expect(withinIssuer(within, issuer)).toEqual(within)
    const beyond = { notBefore: shift(from, -1), notAfter: shift(until, 1) }
    expect(withinIssuer(beyond, issuer)).toEqual({ notBefore: from, notAfter: until })
  })

  test('its days are told as they were asked for, rounded up', () => {
    expect([of(1), of(24), of(25), of(26), of(49), of(50)]).toEqual([1, 1, 1, 2, 2, 3])
    expect(of(24 * 40_000)).toBe(36_500)
  })
})
