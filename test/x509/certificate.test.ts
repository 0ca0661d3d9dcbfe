import { createHash, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readElements } from '../../src/asn1/der.ts'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { certificateOf, parseCertificates } from '../../src/x509/certificate.ts'
import { checkOwnCertificates } from '../../src/x509/sanity-check.ts'
import { integer, oid, pem, sequence } from '../tls/certificates.ts'
import { makeCases } from './credential-cases.ts'
import { evaluationOf } from './evaluation.ts'
import { AUTHORITY, encodeName, type Made, make, SERVER_AUTH } from './made-certificate.ts'

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

test('a certificate of version 1 has no extensions', () => {
  const read = (version: 1 | 3) => {
    const { raw } = make({ subject: 'x', version, ...AUTHORITY })
    return certificateOf(new X509Certificate(raw), { file: 'x', index: 0 })
  }
  const [old, present] = [read(1), read(3)]
  expect([old.version, old.basicConstraints, old.keyUsage, old.subject]).toEqual([
    ...[1, undefined, undefined, 'CN=x'],
  ])
  expect(old).toMatchObject({ alternativeNames: [], tlsFeatures: [], unknownCritical: [] })
  expect([present.version, present.basicConstraints?.isAuthority]).toEqual([3, true])
})

test('what links certificates is read, and what nothing here understands', () => {
  const bytes = (hex: string) => Buffer.from(hex, 'hex')
  const issuer = make({ subject: 'issuer', ...AUTHORITY })
  const { raw, publicKey } = make({
    subject: 'x',
    issuer,
    extensions: [
      ['2.5.29.14', false, bytes('0401aa')],
      ['2.5.29.35', false, bytes('30038001bb')],
      ['2.5.29.30', true, bytes('3000')],
      ['1.3.6.1.5.5.7.1.24', false, bytes('3003020105')],
      ['1.2.3', true, bytes('0500')],
      ['1.2.4', false, bytes('0500')],
      ['2.5.29.32', true, bytes('3000')],
      ['1.2.5', true, bytes('0500')],
    ],
  })
  const read = certificateOf(new X509Certificate(raw), { file: 'x', index: 0 })
  expect(read.link).toEqual({
    subject: encodeName('x'),
    issuer: encodeName('issuer'),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    subjectKey: bytes('aa'),
    authorityKey: bytes('bb'),
  })
  expect(read.unknownCritical).toEqual(['1.2.3', '1.2.5'])
  expect(read.tlsFeatures).toEqual([5])
  expect(read.nameConstraints).toEqual({ permitted: [], excluded: [] })
  expect([read.subject, read.issuer]).toEqual(['CN=x', 'CN=issuer'])
})

describe('bytes that are no certificate are told as what they are', () => {
  const messageOf = (der: Buffer): string => {
    try {
      parseCertificates({ name: 'x', text: `${good}${pem(der)}` })
    } catch (error) {
      if (error instanceof DiagnosticError) return error.diagnostics[0]?.message ?? ''
    }
    return ''
  }
  const { raw, certificate: good } = make({ subject: 'x', ...AUTHORITY })
  const [whole] = readElements(raw)
  const parts = whole ? readElements(whole.body).map((part) => part.whole) : []
  const malformed = 'x: certificate 2 is malformed: '

  test.each<[string, Buffer, RegExp]>([
    ['two parts', sequence(...parts.slice(0, 2)), /a certificate has three parts$/],
    ['four parts', sequence(...parts, integer(1)), /a certificate has three parts$/],
    ['a part too little within', sequence(sequence(), ...parts.slice(1)), /no element of tag 48/],
    ['another part', sequence(integer(1), ...parts.slice(1)), /no element of tag 48/],
    ['one byte less', raw.subarray(0, -1), /DER ends within an element$/],
    ['one byte more', Buffer.concat([raw, Buffer.from([5])]), /DER ends behind a tag$/],
    ['a second element', Buffer.concat([raw, Buffer.from([5, 0])]), /DER is not one element$/],
    ['more than any has', Buffer.alloc(262_145, 0x30), /it is too large$/],
    ['as much as one may have', Buffer.alloc(262_144, 0x30), /DER/],
  ])('%s', (_, der, reason) => {
    const message = messageOf(der)
    expect(message).toMatch(reason)
    expect(message.startsWith(malformed)).toBe(true)
  })

  test('a key that OpenSSL cannot read is its word alone', () => {
    const bad = make({ subject: 'x', publicKey: sequence(sequence(oid('2a03')), integer(1)) })
    expect(messageOf(bad.raw)).toBe(
      `${malformed}OpenSSL cannot read its key or one of its extensions`,
    )
  })
})
