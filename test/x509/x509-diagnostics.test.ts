import { describe, expect, test } from 'vitest'
import { type DiagnosticKind, diagnose } from '../../src/diagnostics/diagnostic.ts'
import { nameCertificate, PEER, X509_KINDS } from '../../src/x509/x509-diagnostics.ts'

const place = { file: PEER, index: 0 }

test('a subject is shown whole up to 120 characters, and nothing of it drives a terminal', () => {
  const shown = (subject: string) => nameCertificate({ place, subject })
  expect(shown('x'.repeat(120))).toBe(`the peer's certificate 1 ("${'x'.repeat(120)}")`)
  expect(shown('x'.repeat(121))).toBe(`the peer's certificate 1 ("${'x'.repeat(120)}...")`)
  expect(shown('CN=\u001b[2J"\n')).toBe('the peer\'s certificate 1 ("CN=\\u001b[2J\\"\\n")')
})

test('a chain that is too long is named by its file, or by whose it is', () => {
  const saidOf = (file: string) =>
    diagnose(X509_KINDS.chainTooLong, { count: 17, limit: 16, place: { file, index: 0 } }).message
  expect(saidOf(PEER)).toBe("the peer's chain has 17 certificates, 16 at most are accepted")
  expect(saidOf('server-cert.pem')).toBe(
    'server-cert.pem has 17 certificates, 16 at most are accepted',
  )
})

/** The remedy for a certificate of a file, and for one that the peer sent. */
describe.each([
  ['server-cert.pem', 'issue the certificate again', /^(?!.*the peer has to)/],
  [PEER, 'the peer has to use a certificate', /^the peer has to/],
])('a refusal of a certificate from %s tells whose turn it is', (file, again, turn) => {
  const data = { place: { file, index: 0 }, subject: 'CN=x' }
  const hint = <Data>(kind: DiagnosticKind<Data>, more: Data) => diagnose(kind, more).hint

  test('to mend it', () => {
    const now = new Date('2030-01-01T00:00:00Z')
    expect(hint(X509_KINDS.expired, { ...data, notAfter: now })).toMatch(turn)
    expect(hint(X509_KINDS.noIssuer, { ...data, issuer: 'CN=y', hasNamesake: false })).toMatch(turn)
    expect(hint(X509_KINDS.revoked, { ...data, list: 'crl' })).toMatch(turn)
    expect(hint(X509_KINDS.cannotSign, data)).toBe(`${again} with the key usage keyCertSign`)
    expect(hint(X509_KINDS.purpose, { ...data, role: 'client', needed: 'clientAuth' })).toBe(
      `${again} with the extended key usage clientAuth`,
    )
  })

  test('and the number of the certificate', () => {
    const second = { ...data, place: { file, index: 1 } }
    const whose = file === PEER ? "the peer's certificate 2" : 'server-cert.pem: certificate 2'
    expect(nameCertificate(second)).toBe(`${whose} ("CN=x")`)
    const notBefore = new Date('2030-01-01T00:00:00.999Z')
    expect(diagnose(X509_KINDS.notYetValid, { ...second, notBefore }).message).toBe(
      `${whose} ("CN=x") is not valid yet: notBefore is 2030-01-01T00:00:00Z`,
    )
  })
})
