import { expect, test } from 'vitest'
import { nameCertificate, PEER } from '../../src/x509/x509-diagnostics.ts'

const place = { file: PEER, index: 0 }

test('a subject is shown whole up to 120 characters, and nothing of it drives a terminal', () => {
  const shown = (subject: string) => nameCertificate({ place, subject })
  expect(shown('x'.repeat(120))).toBe(`the peer's certificate 1 ("${'x'.repeat(120)}")`)
  expect(shown('x'.repeat(121))).toBe(`the peer's certificate 1 ("${'x'.repeat(120)}...")`)
  expect(shown('CN=\u001b[2J"\n')).toBe('the peer\'s certificate 1 ("CN=\\u001b[2J\\"\\n")')
})
