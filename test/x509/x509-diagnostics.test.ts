import { expect, test } from 'vitest'
import { diagnose } from '../../src/diagnostics/diagnostic.ts'
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
