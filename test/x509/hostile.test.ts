/** What peers send and folders hold may be anything: nothing but words may come of it. */
import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { certificateOf, parseCertificates } from '../../src/x509/certificate.ts'
import { matchesHostName } from '../../src/x509/host-name.ts'
import { checkPeerCertificates } from '../../src/x509/peer-check.ts'
import { parseRevocationLists } from '../../src/x509/revocation-list.ts'
import { fc } from '../seed.ts'
import { pem } from '../tls/certificates.ts'
import { evaluationOf } from './evaluation.ts'
import { AUTHORITY, ENDPOINT, make, makeList, SERVER_AUTH } from './made-certificate.ts'

const authority = make({ subject: 'Test CA', ...AUTHORITY })
const own = make({
  subject: 'qemu.org',
  issuer: authority,
  ...ENDPOINT,
  keyUsage: { critical: true, uses: ['digitalSignature'] },
  extendedKeyUsage: { critical: true, purposes: [SERVER_AUTH] },
  names: [
    [0x82, Buffer.from('qemu.org')],
    [0x87, Buffer.from([1, 2, 3, 4])],
  ],
})
const list = makeList({ signer: authority, revoked: [1, 2, 3] })
const listBytes = Buffer.from(list.replace(/-----.*?-----|\n/g, ''), 'base64')

const evaluation = evaluationOf('NORMAL')
const trusted = certificateOf(new X509Certificate(authority.raw), { file: 'ca', index: 0 })

/** Changes to some bytes, and perhaps an early end. */
const changes = fc.record({
  bytes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  cut: fc.option(fc.nat()),
})

function change(
  bytes: Buffer,
  { bytes: edits, cut }: { bytes: [number, number][]; cut: number | null },
): Buffer {
  const changed = Buffer.from(bytes)
  for (const [at, byte] of edits) changed[at % changed.length] = byte
  return cut === null ? changed : changed.subarray(0, cut % changed.length)
}

/** Whether the work ends with a result or in words. */
function endsWell(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch (error) {
    return error instanceof DiagnosticError
  }
}

test('changed certificates are read or refused in words, and never trusted', () => {
  fc.assert(
    fc.property(changes, (edits) => {
      const raw = change(own.raw, edits)
      return endsWell(() => {
        const chain = parseCertificates({ name: 'x', text: pem(raw) })
        matchesHostName(chain[0]!, 'qemu.org')
        const input = { chain, authorities: [trusted], revocationLists: [], evaluation }
        const isTrusted = checkPeerCertificates(input) === undefined
        if (isTrusted && !raw.equals(own.raw)) throw new Error('a changed certificate is trusted')
      })
    }),
    { numRuns: 3000 },
  )
})

test('every changed byte of a public key is told in words', () => {
  const key = own.publicKey.export({ type: 'spki', format: 'der' })
  const start = own.raw.indexOf(key)
  for (let at = start; at < start + key.length; at++) {
    for (const change of [1, 0x80, 0xff]) {
      const raw = Buffer.from(own.raw)
      raw[at]! ^= change
      const isTold = endsWell(() => {
        const chain = parseCertificates({ name: 'x', text: pem(raw) })
        const rest = { revocationLists: [], evaluation }
        expect(checkPeerCertificates({ chain, authorities: [trusted], ...rest })).toBeDefined()
        // Trusted by itself its signature is not looked at, but its key is.
        checkPeerCertificates({ chain, authorities: chain, ...rest })
      })
      expect([at, change, isTold]).toEqual([at, change, true])
    }
  }
})

test('changed revocation lists are read or refused in words', () => {
  const run = (raw: Buffer): unknown =>
    parseRevocationLists({ name: 'x', text: pem(raw, 'X509 CRL') })
  fc.assert(
    fc.property(changes, (edits) => endsWell(() => run(change(listBytes, edits)))),
    { numRuns: 3000 },
  )
})

test('any text is read or refused in words', () => {
  const piece = fc.constantFrom(
    '-----BEGIN CERTIFICATE-----',
    '-----END CERTIFICATE-----',
    '\n',
    'AAAA',
  )
  const text = fc
    .array(fc.oneof(piece, fc.string()), { maxLength: 20 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, (given) => endsWell(() => parseCertificates({ name: 'x', text: given }))),
  )
})

test('an extension that stands twice is refused', () => {
  const twice = make({
    subject: 'x',
    ...AUTHORITY,
    extensions: [['2.5.29.19', true, Buffer.from([0x30, 0])]],
  })
  expect(() => parseCertificates({ name: 'x', text: twice.certificate })).toThrow(/twice/)
})

test('purposes with huge arcs are not taken for others', () => {
  const huge = '1.3.6.1.5.5.7.3.36893488147419103233'
  const made = make({ subject: 'x', extendedKeyUsage: { critical: true, purposes: [huge] } })
  const [certificate] = parseCertificates({ name: 'x', text: made.certificate })
  expect(certificate?.extendedKeyUsage?.purposes).toEqual(new Set([huge]))
})
