/** Certificates that ask for an OCSP status with them (RFC 7633). */
import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { certificateOf } from '../../src/x509/certificate.ts'
import { demandsStatus } from '../../src/x509/status-demand.ts'
import { element, sequence } from '../tls/certificates.ts'
import { make } from './made-certificate.ts'

function demands(features: readonly number[]): boolean {
  const value = sequence(...features.map((number) => element(0x02, Buffer.from([number]))))
  const { raw } = make({ subject: 'own', extensions: [['1.3.6.1.5.5.7.1.24', false, value]] })
  return demandsStatus(certificateOf(new X509Certificate(raw), { file: '<own>', index: 0 }))
}

test('is that of a list with the number of status_request, unless it is too long', () => {
  expect(demands([5])).toBe(true)
  expect(demands([17])).toBe(false)
  expect(demands([...Array(63).fill(17), 5])).toBe(true)
  expect(demands([5, ...Array(64).fill(17)])).toBe(false)
})
