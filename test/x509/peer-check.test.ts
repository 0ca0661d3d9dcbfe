import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { type Certificate, certificateOf } from '../../src/x509/certificate.ts'
import { checkPeerCertificates } from '../../src/x509/peer-check.ts'
import { parseRevocationLists } from '../../src/x509/revocation-list.ts'
import { type ChainCase, makeChainCases } from './chain-cases.ts'
import { evaluationOf } from './evaluation.ts'
import { AUTHORITY, ENDPOINT, type Made, make } from './made-certificate.ts'

test.each(makeChainCases())('a chain $name: $verdict', (row) => {
  expect(judge(row)).toBe(row.verdict)
})

/** The code of the refusal, if there is one. */
function judge({ chain, authorities, lists = [], ...row }: ChainCase): string | undefined {
  const priority = row.profile ? `NORMAL:%PROFILE_${row.profile}` : 'NORMAL'
  try {
    return checkPeerCertificates({
      chain: read(chain, '<peer>'),
      authorities: read(authorities, 'ca-cert.pem'),
      revocationLists: lists.flatMap((text) => parseRevocationLists({ name: 'crl', text })),
      evaluation: evaluationOf(priority, row.overrides),
    })?.code
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]?.code
    throw error
  }
}

test('refuses a peer without a certificate', () => {
  const rest = { authorities: [], revocationLists: [], evaluation: evaluationOf('NORMAL') }
  expect(checkPeerCertificates({ chain: [], ...rest })?.code).toBe('TLS_CERTIFICATE_NONE')
})

/** As certtool 3.8.13 with `--attime`. */
test('takes a certificate until the end of its last second', () => {
  const root = make({ subject: 'root', ...AUTHORITY })
  const chain = read([make({ subject: 'end', issuer: root, ...ENDPOINT, until: 1 })], '<peer>')
  const last = chain[0]?.notAfter.getTime() ?? 0
  const input = { chain, revocationLists: [], evaluation: evaluationOf('NORMAL') }
  const codes = [0, 999, 1000].map((later) => {
    const now = new Date(last + later)
    return checkPeerCertificates({ ...input, authorities: read([root], 'ca'), now })?.code
  })
  expect(codes).toEqual([undefined, undefined, 'TLS_CERTIFICATE_EXPIRED'])
})

function read(made: readonly Made[], file: string): readonly Certificate[] {
  return made.map(({ raw }, index) => certificateOf(new X509Certificate(raw), { file, index }))
}
