/** What an authority signs, and when it signs nothing any more. */
import { createPrivateKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createAuthority } from '../../src/pki/authority.ts'
import { type RenewRequest, renewIdentity } from '../../src/pki/certificate-issuance.ts'
import { parseKeyRequest } from '../../src/pki/key-kind.ts'
import { layoutAt, listPairs } from '../../src/pki/layout.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

const SECOND = 1000

/** The time at which an authority ends, and its folder. */
function makeEnding() {
  const folder = scratchFolder()
  const layout = layoutAt('qemu', folder)
  const key = parseKeyRequest('ecdsa')
  const subject = { commonName: 'CA' }
  const { certificate } = createAuthority({
    layout,
    strength: strengthOf(),
    subject,
    key,
    days: 30,
  })
  return { folder, certificate, end: certificate.validToDate.getTime() }
}

testWith('openssl', 'an authority signs as long as OpenSSL takes it, and not after its end', () => {
  const { folder, end } = makeEnding()
  const path = join(folder, 'ca-cert.pem')
  for (const [time, isGood] of [
    [end - SECOND, true],
    [end + SECOND, false],
  ] as const) {
    const args = ['verify', '-attime', String(time / SECOND), '-CAfile', path, path]
    expect([time - end, runFile('openssl', args).status === 0]).toEqual([time - end, isGood])
    const sign = () => issue(folder, 'client', 'ecdsa', { now: new Date(time) })
    if (isGood) expect(sign).not.toThrow()
    else expect(sign).toThrow(/expired on/)
  }
})

testWith('openssl', 'an authority that is not valid yet signs nothing', () => {
  const { folder, certificate } = makeEnding()
  const early = certificate.validFromDate.getTime() - SECOND
  const sign = () => issue(folder, 'client', 'ecdsa', { now: new Date(early) })
  expect(sign).toThrow(/is not valid before/)
  expect(existsSync(join(folder, 'client-key.pem'))).toBe(false)
})

testWith('openssl', 'a certificate ends with its authority at the latest', () => {
  const { folder, end } = makeEnding()
  const { certificate } = issue(folder, 'client', 'ecdsa', { days: 400 })
  expect(certificate.validToDate.getTime()).toBe(end)
})

testWith('openssl', 'keys that can encipher are allowed to, others are not', () => {
  const folder = makeAuthority('ecdsa:secp384r1')
  const usageOf = (kind: string) => {
    issue(folder, 'server', kind)
    const path = join(folder, 'server-cert.pem')
    return runFile('openssl', ['x509', '-in', path, '-noout', '-ext', 'keyUsage']).stdout
  }
  expect(usageOf('rsa:3072')).toContain('Digital Signature, Key Encipherment')
  for (const kind of ['ecdsa', 'ed25519']) {
    expect(usageOf(kind)).toContain('Digital Signature')
    expect(usageOf(kind)).not.toContain('Encipherment')
  }
})

testWith(
  'openssl',
  'of the extensions of an endpoint, only those are critical that peers have to know',
  () => {
    const folder = makeAuthority('ecdsa:secp384r1')
    const criticalOf = (kind: string) => {
      issue(folder, 'server', kind)
      const path = join(folder, 'server-cert.pem')
      const { stdout } = runFile('openssl', ['x509', '-in', path, '-noout', '-text'])
      const all = [...stdout.matchAll(/^ +X509v3 ([\w ]+): (critical)?$/gm)]
      expect(all.map(([, name]) => name)).toContain('Subject Alternative Name')
      return all.filter(([, , critical]) => critical).map(([, name]) => name)
    }
    expect(criticalOf('rsa:3072')).toEqual(['Basic Constraints', 'Key Usage'])
    // Older releases of QEMU and libvirt refuse a critical one that does not allow to encipher.
    expect(criticalOf('ecdsa')).toEqual(['Basic Constraints'])
  },
)

test('a renewed certificate keeps its key, unless another or another kind is asked for', () => {
  const folder = makeAuthority('ecdsa:secp384r1')
  const layout = layoutAt('qemu', folder)
  issue(folder, 'server', 'ecdsa')
  const renew = (more: Partial<RenewRequest>) => {
    const [pair] = listPairs(layout)
    if (!pair) throw new Error('there is no pair')
    const before = readFileSync(pair.paths.key, 'utf8')
    const { certificate, isKeyKept } = renewIdentity({
      layout,
      strength: strengthOf(),
      pair,
      ...more,
    })
    const after = readFileSync(pair.paths.key, 'utf8')
    expect(isKeyKept).toBe(after === before)
    expect(certificate.checkPrivateKey(createPrivateKey(after))).toBe(true)
    return [isKeyKept, certificate.publicKey.asymmetricKeyType]
  }
  expect(renew({})).toEqual([true, 'ec'])
  expect(renew({ newKey: true })).toEqual([false, 'rsa'])
  expect(renew({ key: parseKeyRequest('ed25519') })).toEqual([false, 'ed25519'])
  expect(renew({})).toEqual([true, 'ed25519'])
})
