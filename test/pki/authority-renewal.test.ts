/** Renewing an authority: what was signed before stays good until the old one is retired. */
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createAuthority } from '../../src/pki/authority.ts'
import {
  type AuthorityRenewal,
  renewAuthority,
  retireFormerAuthority,
} from '../../src/pki/authority-renewal.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import { revokeCertificates } from '../../src/pki/revocation.ts'
import { parseCertificates } from '../../src/x509/certificate.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { testWith } from '../peers/peer.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

/** New keys are quickly made ones, unless the test is about which they are. */
function renew(folder: string, newKey: boolean, more: Partial<AuthorityRenewal> = QUICK) {
  const layout = layoutAt('qemu', folder)
  return renewAuthority({ layout, strength: strengthOf(), newKey, ...(newKey ? more : {}) })
}

const QUICK = { key: { type: 'ecdsa', curve: 'secp384r1' } } as const

function verifies(folder: string, trusted: string, certificate: string): boolean {
  const args = ['verify', '-CAfile', join(trusted, 'ca-cert.pem'), join(folder, certificate)]
  return runFile('openssl', args).status === 0
}

testWith('openssl', 'with the key kept, old certificates verify under the new authority', () => {
  const folder = makeAuthority('ecdsa:secp384r1')
  issue(folder, 'server', 'ecdsa')
  const before = scratchFolder()
  writeFiles(before, { 'ca-cert.pem': readFileSync(join(folder, 'ca-cert.pem')) })
  expect(renew(folder, false)).toMatchObject({ isKeyKept: true })
  issue(folder, 'client', 'ecdsa')
  expect(readFileSync(join(folder, 'ca-cert.pem'), 'utf8').match(/BEGIN/g)).toHaveLength(1)
  for (const trusted of [folder, before]) {
    for (const name of ['server-cert.pem', 'client-cert.pem']) {
      expect([name, verifies(folder, trusted, name)]).toEqual([name, true])
    }
  }
})

testWith('openssl', 'with a new key both are trusted until the old one is retired', () => {
  const folder = makeAuthority('ecdsa:secp384r1')
  const layout = layoutAt('qemu', folder)
  issue(folder, 'server', 'ecdsa')
  expect(renew(folder, true).certificate.subject).toBe('CN=CA of ecdsa:secp384r1 G2')
  issue(folder, 'client', 'ecdsa')
  const verdicts = () =>
    ['server-cert.pem', 'client-cert.pem'].map((name) => verifies(folder, folder, name))
  expect(verdicts()).toEqual([true, true])
  const certificates = [join(folder, 'server-cert.pem'), join(folder, 'client-cert.pem')]
  const { lists } = revokeCertificates({ layout, strength: strengthOf(), certificates })
  expect(lists.map(({ added }) => added.length)).toEqual([1, 1])
  expect(() => renew(folder, true)).toThrow(/ca-key-former/)
  expect(existsSync(layout.formerKey)).toBe(true)
  retireFormerAuthority(layout)
  expect(existsSync(layout.formerKey)).toBe(false)
  expect(verdicts()).toEqual([false, true])
  expect(() => retireFormerAuthority(layout)).toThrow(/there is no former authority/)
  expect(renew(folder, true).certificate.subject).toBe('CN=CA of ecdsa:secp384r1 G3')
})

testWith('qemu-img', 'QEMU takes certificates of either while both are trusted', () => {
  const folder = makeAuthority('ecdsa:secp256r1')
  issue(folder, 'server', 'ecdsa')
  renew(folder, true)
  issue(folder, 'client', 'ecdsa')
  writeFiles(folder, { image: 'x'.repeat(512) })
  for (const role of ['server', 'client']) {
    const object = `tls-creds-x509,id=tls0,endpoint=${role},dir=${folder}`
    const args = ['info', '--object', object, '-f', 'raw', join(folder, 'image')]
    expect([role, runFile('qemu-img', args).status]).toEqual([role, 0])
  }
})

test('a renewal keeps the lifetime, and has a key as the policy chooses', () => {
  const folder = makeAuthority('ed25519')
  const { certificate, isKeyKept } = renew(folder, true, {})
  expect([isKeyKept, certificate.publicKey.asymmetricKeyType]).toEqual([false, 'rsa'])
  const days = (certificate.validToDate.getTime() - Date.now()) / 86_400_000
  expect(Math.round(days)).toBe(3650)
})

/** A folder with an authority of a name, and its layout. */
function authorityOf(commonName: string, organization?: string) {
  const layout = layoutAt('qemu', scratchFolder())
  const subject = { commonName, ...(organization === undefined ? {} : { organization }) }
  const key = { type: 'ed25519' } as const
  createAuthority({ layout, strength: strengthOf(), subject, key, days: 100 })
  return layout
}

test.each([
  ['Example CA', 'Example CA G2'],
  ['Example CA G2', 'Example CA G3'],
  ['CA G9', 'CA G10'],
  ['CA G9999', 'CA G10000'],
  ['CA G10000', 'CA G10000 G2'],
  ['G2', 'G2 G2'],
  ['CA Gx', 'CA Gx G2'],
  ['x'.repeat(64), `${'x'.repeat(61)} G2`],
  [`${'x'.repeat(61)} G9`, `${'x'.repeat(60)} G10`],
])('after %s comes %s', (name, next) => {
  const layout = authorityOf(name, 'Example')
  const { certificate } = renew(layout.root, true, { key: { type: 'ed25519' } })
  expect(certificate.subject).toBe(`O=Example\nCN=${next}`)
})

test('what is asked for counts: the key, its passphrase, the days', () => {
  const layout = authorityOf('CA')
  const request = { layout, strength: strengthOf() }
  const key = { type: 'ed448' } as const
  const renewed = renewAuthority({ ...request, key, passphrase: 'secret', days: 5 })
  expect(renewed).toMatchObject({ isKeyKept: false, keyFile: layout.authority.key, notes: [] })
  expect(renewed.certificate.publicKey.asymmetricKeyType).toBe('ed448')
  const days = (renewed.certificate.validToDate.getTime() - Date.now()) / 86_400_000
  expect(Math.round(days)).toBe(5)
  const read = (path: string) => readFileSync(path, 'utf8')
  expect(read(layout.authority.key)).toContain('BEGIN ENCRYPTED PRIVATE KEY')
  expect(read(layout.formerKey)).toContain('BEGIN PRIVATE KEY')
  expect(() => renewAuthority(request)).toThrow(refusal('PKI_PASSPHRASE_MISSING'))
  const again = renewAuthority({ ...request, passphrase: 'secret' })
  expect([again.isKeyKept, again.certificate.subject]).toEqual([true, 'CN=CA G2'])
  // The one before stays beside it, and is the one that is retired.
  const subjects = () =>
    parseCertificates({ name: 'ca', text: read(layout.authority.certificate) }).map(
      ({ subject }) => subject,
    )
  expect(subjects()).toEqual(['CN=CA G2', 'CN=CA'])
  expect(retireFormerAuthority(layout)).toBe(layout.authority.certificate)
  expect(subjects()).toEqual(['CN=CA G2'])
})

test('an authority is not retired where no other would be left', () => {
  const layout = authorityOf('CA')
  copyFileSync(layout.authority.key, layout.formerKey)
  expect(() => retireFormerAuthority(layout)).toThrow(refusal('PKI_KEY_MISMATCH'))
  expect(existsSync(layout.formerKey)).toBe(true)
})

/** Signed by itself, it would be trusted by no peer that trusts the root. */
testWith('openssl', 'an authority below another is not renewed as if it were a root', () => {
  const root = makeAuthority('ecdsa:secp384r1')
  const folder = scratchFolder()
  const layout = layoutAt('qemu', folder)
  const parent = { layout: layoutAt('qemu', root) }
  createAuthority({ layout, strength: strengthOf(), subject: { commonName: 'Below' }, parent })
  const before = readFileSync(layout.authority.certificate)
  for (const newKey of [false, true]) {
    expect(() => renew(folder, newKey)).toThrow(/is signed by another/)
  }
  expect(readFileSync(layout.authority.certificate).equals(before)).toBe(true)
  issue(folder, 'server', 'ecdsa')
  const chain = ['-untrusted', join(folder, 'server-cert.pem')]
  const args = ['verify', '-CAfile', join(root, 'ca-cert.pem'), ...chain]
  expect(runFile('openssl', [...args, join(folder, 'server-cert.pem')]).status).toBe(0)
})
