import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Certificate, certificateOf } from '../../src/x509/certificate.ts'
import { checkPeerCertificates } from '../../src/x509/peer-check.ts'
import { parseRevocationLists } from '../../src/x509/revocation-list.ts'
import { makeChainCases } from './chain-cases.ts'
import { evaluationOf } from './evaluation.ts'
import type { Made } from './made-certificate.ts'

test.each(makeChainCases())(
  'a chain $name: $verdict',
  ({ chain, authorities, lists = [], verdict }) => {
    const problem = checkPeerCertificates({
      chain: read(chain, '<peer>'),
      authorities: read(authorities, 'ca-cert.pem'),
      revocationLists: lists.flatMap((text) => parseRevocationLists({ name: 'crl', text })),
      evaluation: evaluationOf('NORMAL'),
    })
    expect(problem?.code).toBe(verdict)
  },
)

test('refuses a peer without a certificate', () => {
  const rest = { authorities: [], revocationLists: [], evaluation: evaluationOf('NORMAL') }
  expect(checkPeerCertificates({ chain: [], ...rest })?.code).toBe('TLS_CERTIFICATE_NONE')
})

function read(made: readonly Made[], file: string): readonly Certificate[] {
  return made.map(({ raw }, index) => certificateOf(new X509Certificate(raw), { file, index }))
}
