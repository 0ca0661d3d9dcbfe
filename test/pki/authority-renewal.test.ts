/** Renewing an authority: what was signed before stays good until the old one is retired. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createAuthority } from '../../src/pki/authority.ts'
import { renewAuthority, retireFormerAuthority } from '../../src/pki/authority-renewal.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import { revokeCertificates } from '../../src/pki/revocation.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

function renew(folder: string, newKey: boolean) {
  return renewAuthority({ layout: layoutAt('qemu', folder), strength: strengthOf(), newKey })
}

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

test('a renewal keeps the lifetime', () => {
  const folder = makeAuthority('ed25519')
  const { certificate } = renew(folder, true)
  const days = (certificate.validToDate.getTime() - Date.now()) / 86_400_000
  expect(Math.round(days)).toBe(3650)
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
