import { createHash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { certificateOf, parseCertificates } from '../../src/x509/certificate.ts'
import { checkOwnCertificates } from '../../src/x509/sanity-check.ts'
import { makeCases } from './credential-cases.ts'
import { evaluationOf } from './evaluation.ts'
import { AUTHORITY, type Made, make, SERVER_AUTH } from './made-certificate.ts'

test('reads what node:crypto does not tell', () => {
  const { certificate, publicKey } = make({
    subject: 'qemu',
    basicConstraints: { critical: true, isAuthority: true, pathLength: 3 },
    keyUsage: { critical: false, uses: ['digitalSignature', 'decipherOnly'] },
    extendedKeyUsage: { critical: true, purposes: [SERVER_AUTH] },
    names: [
      [0x82, Buffer.from('qemu.org')],
      [0x87, Buffer.from([192, 0, 2, 1])],
    ],
  })
  const [read] = parseCertificates({ name: 'ca-cert.pem', text: `text before\n${certificate}` })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  expect(read).toMatchObject({
    place: { file: 'ca-cert.pem', index: 0 },
    subject: 'CN=qemu',
    basicConstraints: { critical: true, isAuthority: true, pathLength: 3 },
    keyUsage: { critical: false, uses: new Set(['digitalSignature', 'decipherOnly']) },
    extendedKeyUsage: { critical: true, purposes: new Set([SERVER_AUTH]) },
    alternativeNames: [
      { kind: 'dns', value: 'qemu.org' },
      { kind: 'ip', value: '192.0.2.1' },
    ],
    publicKeyHash: createHash('sha256').update(spki).digest('base64'),
  })
  expect(read?.notAfter.getTime()).toBe(Date.parse(read?.x509.validTo ?? ''))
})

test('every refusal of own certificates names a file, a certificate and a remedy', () => {
  const read = (made: readonly Made[], file: string) =>
    made.map(({ raw }, index) => certificateOf(new X509Certificate(raw), { file, index }))
  const refusals = makeCases().flatMap(({ role, chain, authorities }) =>
    checkOwnCertificates({
      role,
      chain: read(chain, 'own.pem'),
      authorities: read(authorities, 'ca.pem'),
      revocationLists: [],
      evaluation: evaluationOf('NORMAL'),
    }),
  )
  expect(refusals.length).toBeGreaterThan(20)
  for (const { message, hint } of refusals) {
    expect(message).toMatch(/^(own|ca)\.pem: certificate \d \("CN=[^"]*"\)/)
    expect(hint).toBeTruthy()
  }
})

test('long and strange names are shown short and tame', () => {
  const [ca] = parseCertificates({
    name: 'x',
    text: make({ subject: `\u001b[31m${'x'.repeat(500)}`, ...AUTHORITY }).certificate,
  })
  const [first] = checkOwnCertificates({
    role: 'server',
    chain: ca ? [ca] : [],
    authorities: [],
    revocationLists: [],
    evaluation: evaluationOf('NORMAL'),
  })
  expect(first?.message).not.toContain('\u001b')
  expect(first?.message.length).toBeLessThan(300)
})
