/** What an authority signs, and when it signs nothing any more. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createAuthority } from '../../src/pki/authority.ts'
import { parseKeyRequest } from '../../src/pki/key-kind.ts'
import { layoutAt } from '../../src/pki/layout.ts'
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
