/** Which name a certificate has to bear, by the place of the migration. */
import { expect, test } from 'vitest'
import { expectedName } from '../../../src/migration/address/expected-name.ts'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'

const CERTIFICATE = { kind: 'x509', verifyPeer: true }

test('a tcp: URI tells the name, and --tls-hostname comes before it', () => {
  const uri = parseMigrationUri('tcp:hvb:49152')
  expect(expectedName(uri, undefined, CERTIFICATE)).toBe('hvb')
  expect(expectedName(uri, '', CERTIFICATE)).toBe('hvb')
  expect(expectedName(uri, 'other', CERTIFICATE)).toBe('other')
})

test.each(['unix:/run/a', 'fd:3', 'exec:cat', 'vsock:2:1', 'file:/a', 'tcp::1'])(
  '%s needs --tls-hostname',
  (text) => {
    const uri = parseMigrationUri(text)
    expect(() => expectedName(uri, undefined, CERTIFICATE)).toThrow('--tls-hostname is required')
    expect(expectedName(uri, 'hvb', CERTIFICATE)).toBe('hvb')
  },
)

test('no name is needed where none is compared', () => {
  const uri = parseMigrationUri('unix:/run/a')
  expect(expectedName(uri, undefined, { kind: 'psk', verifyPeer: true })).toBeUndefined()
  expect(expectedName(uri, '', { kind: 'x509', verifyPeer: false })).toBeUndefined()
})
