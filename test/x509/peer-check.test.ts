import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { type Certificate, certificateOf, type KeyUse } from '../../src/x509/certificate.ts'
import { findChainProblem } from '../../src/x509/chain-check.ts'
import { checkPeerCertificates } from '../../src/x509/peer-check.ts'
import { parseRevocationLists } from '../../src/x509/revocation-list.ts'
import type { StatusRequest } from '../../src/x509/status-demand.ts'
import { type ChainCase, makeChainCases } from './chain-cases.ts'
import { evaluationOf } from './evaluation.ts'
import {
  AUTHORITY,
  CLIENT_AUTH,
  type Description,
  ENDPOINT,
  type Made,
  make,
  SERVER_AUTH,
} from './made-certificate.ts'

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

/** As `openssl verify -purpose` judges: of test/tls/trusted-authorities.test.ts, where it is asked. */
describe('where a program asks for purposes', () => {
  const root = make({ subject: 'root', ...AUTHORITY })
  const end = (more: Description, issuer = root): Made[] => [
    make({ subject: 'end', issuer, ...ENDPOINT, ...more }),
  ]
  const purposes = (...list: readonly string[]): Description => ({
    extendedKeyUsage: { critical: false, purposes: list },
  })
  const uses = (...list: readonly KeyUse[]): Description => ({
    keyUsage: { critical: true, uses: list },
  })
  const under = (more: Description): Made[] => {
    const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY, ...more })
    return [...end({}, middle), middle]
  }
  const rooted = make({ subject: 'for clients', ...AUTHORITY, ...purposes(CLIENT_AUTH) })

  /** Whom of server and client it is good for. */
  const goodFor = (chain: readonly Made[], authority = root): string =>
    (['server', 'client'] as const)
      .filter((purpose) => {
        const problem = findChainProblem({
          chain: read(chain, '<peer>'),
          authorities: read([authority], 'ca'),
          revocationLists: [],
          evaluation: evaluationOf('NORMAL'),
          now: new Date(),
          purpose,
        })
        if (problem) expect(problem.code).toBe('TLS_CERTIFICATE_OTHER_PURPOSE')
        return problem === undefined
      })
      .join()

  test.each([
    ['none', end({}), 'server,client'],
    ['that of servers', end(purposes(SERVER_AUTH)), 'server'],
    ['that of clients', end(purposes(CLIENT_AUTH)), 'client'],
    ['both', end(purposes(CLIENT_AUTH, SERVER_AUTH)), 'server,client'],
    ['any, which is none of TLS', end(purposes('2.5.29.37.0')), ''],
    ['of the authority between', under(purposes(SERVER_AUTH)), 'server'],
    [
      'of every use',
      end(uses('digitalSignature', 'keyEncipherment', 'keyAgreement')),
      'server,client',
    ],
    ['of signatures', end(uses('digitalSignature')), 'server,client'],
    ['of enciphering keys', end(uses('keyEncipherment')), 'server'],
    ['of agreeing on keys', end(uses('keyAgreement')), 'server,client'],
    ['of other uses', end(uses('nonRepudiation', 'dataEncipherment')), ''],
  ])('a certificate with purposes is good for them: %s', (_, chain, roles) => {
    expect(goodFor(chain)).toBe(roles)
  })

  test('those of the trusted authority count too', () => {
    expect(goodFor(end({}, rooted), rooted)).toBe('client')
  })
})

describe('a status that a certificate demands', () => {
  const root = make({ subject: 'root', ...AUTHORITY })
  const staple: Description = {
    extensions: [['1.3.6.1.5.5.7.1.24', false, Buffer.from('3003020105', 'hex')]],
  }
  const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY, ...staple })
  const end = (more: Description = {}, issuer = root) =>
    make({ subject: 'end', issuer, ...ENDPOINT, ...more })
  const judgeWith = (chain: readonly Made[], statusRequest?: StatusRequest) =>
    checkPeerCertificates({
      chain: read(chain, '<peer>'),
      authorities: read([root], 'ca'),
      revocationLists: [],
      evaluation: evaluationOf('NORMAL'),
      ...(statusRequest ? { statusRequest } : {}),
    })?.code

  test('is missed where a client asked for it, or may have', () => {
    const demanding = [end(staple)]
    expect(judgeWith(demanding)).toBeUndefined()
    expect(judgeWith(demanding, 'not asked')).toBeUndefined()
    expect(judgeWith(demanding, 'asked')).toBe('TLS_CERTIFICATE_NEEDS_STATUS')
    expect(judgeWith(demanding, 'unknown')).toBe('TLS_CERTIFICATE_STATUS_REQUEST_UNKNOWN')
    for (const request of ['asked', 'unknown'] as const) {
      expect(judgeWith([end()], request)).toBeUndefined()
      expect(judgeWith([end(staple, middle), middle], request)).toBeDefined()
    }
  })
})

test('times of all that was sent count, also of what is not needed', () => {
  const root = make({ subject: 'root', ...AUTHORITY })
  const own = make({ subject: 'end', issuer: root, ...ENDPOINT })
  const codeWith = (more: Description) =>
    checkPeerCertificates({
      chain: read([own, make({ subject: 'root', ...AUTHORITY, ...more }, root)], '<peer>'),
      authorities: read([root], 'ca'),
      revocationLists: [],
      evaluation: evaluationOf('NORMAL'),
    })?.code
  expect(codeWith({})).toBeUndefined()
  expect(codeWith({ until: -1 })).toBe('TLS_CERTIFICATE_EXPIRED')
  expect(codeWith({ from: 1, until: 2 })).toBe('TLS_CERTIFICATE_NOT_YET_VALID')
})

function read(made: readonly Made[], file: string): readonly Certificate[] {
  return made.map(({ raw }, index) => certificateOf(new X509Certificate(raw), { file, index }))
}
