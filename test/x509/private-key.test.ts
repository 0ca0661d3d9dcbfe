import { generateKeyPairSync } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodePem } from '../../src/asn1/pem.ts'
import { checkKeyMode, isKeyEncrypted, parsePrivateKey } from '../../src/x509/private-key.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'

/** Whether a block of PEM is an encrypted key, by its label and its first line. */
function isEncrypted(label: string, firstLine: string): boolean {
  const text = `-----BEGIN ${label}-----\n${firstLine}\n\nMA==\n-----END ${label}-----\n`
  return isKeyEncrypted({ label, text, decode: () => Buffer.alloc(0) })
}

test.each([
  ['ENCRYPTED PRIVATE KEY', 'MA==', true],
  // RFC 1421 section 4.6.1.1.
  ['EC PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED', true],
  ['EC PRIVATE KEY', 'Proc-Type: 4,MIC-ONLY', false],
  ['EC PRIVATE KEY', 'X-Proc-Type: 4,ENCRYPTED', false],
  ['PRIVATE KEY', 'MA==', false],
])('a block of %s that begins with %s is encrypted: %s', (label, firstLine, expected) => {
  expect(isEncrypted(label, firstLine)).toBe(expected)
})

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const plain = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const sealed = (type: 'pkcs8' | 'sec1') =>
  privateKey.export({ type, format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' }) as string

/** PKCS #8, and the older form with headers. */
describe.each(['pkcs8', 'sec1'] as const)('a key that is encrypted as %s', (type) => {
  const read = (passphrase?: string) =>
    parsePrivateKey({ name: 'key.pem', text: sealed(type) }, passphrase)

  test('needs its passphrase', () => {
    expect(read('secret').equals(privateKey)).toBe(true)
    expect(() => read()).toThrow(refusal('TLS_CREDENTIALS_KEY_ENCRYPTED'))
    for (const wrong of ['Secret', '']) {
      expect(() => read(wrong)).toThrow(refusal('TLS_CREDENTIALS_KEY_PASSPHRASE'))
    }
  })
})

test('a key that is not encrypted needs none, and is read all the same', () => {
  for (const text of [plain, `${plain}${sealed('pkcs8')}`]) {
    expect(parsePrivateKey({ name: 'k', text }).equals(privateKey)).toBe(true)
    expect(parsePrivateKey({ name: 'k', text }, 'secret').equals(privateKey)).toBe(true)
  }
})

test.each([
  [
    'PRIVATE KEY',
    '3003020101',
    /^key\.pem: no private key can be read: OpenSSL says: field missing$/,
  ],
  ['ENCRYPTED PRIVATE KEY', '020101', /DER has no element of tag 48/],
  ['PRIVATE KEY', '30030201', /DER ends within an element/],
  ['RSA PRIVATE KEY', '30003000', /DER is not one element/],
  ['PUBLIC KEY', '3000', /it has no PEM block of a private key$/],
])('a block of %s with the bytes %s is no key', (label, hex, message) => {
  const text = encodePem(label, Buffer.from(hex, 'hex'))
  for (const passphrase of [undefined, 'secret']) {
    const read = () => parsePrivateKey({ name: 'key.pem', text }, passphrase)
    expect(read).toThrow(refusal('TLS_CREDENTIALS_KEY_MALFORMED'))
    expect(read).toThrow(message)
  }
})

test('a key that is not base64 is told by its line', () => {
  const text = `\n${plain.replace('M', '!')}`
  expect(() => parsePrivateKey({ name: 'k', text })).toThrow(refusal('TLS_PEM_MALFORMED'))
})

test.each([
  [0o600, undefined],
  [0o660, undefined],
  [0o670, undefined],
  [0o601, undefined],
  [0o604, '0604'],
  [0o602, '0602'],
  [0o4607, '0607'],
])('a key of mode %o that others can read or change is told', (mode, told) => {
  const folder = scratchFolder()
  writeFiles(folder, { key: '' })
  const path = join(folder, 'key')
  chmodSync(path, mode)
  const found = checkKeyMode(path).map(({ message }) => message.split(' ').at(-1))
  expect(found).toEqual(told === undefined ? [] : [told])
})

test('of a key that is not there no mode is told', () => {
  expect(checkKeyMode(join(scratchFolder(), 'none'))).toEqual([])
})
