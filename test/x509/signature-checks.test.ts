/** What a peer sends costs a few signatures at most, and none with keys that it chose itself. */
import { X509Certificate } from 'node:crypto'
import { afterEach, expect, test, vi } from 'vitest'
import { certificateOf } from '../../src/x509/certificate.ts'
import { checkPeerCertificates } from '../../src/x509/peer-check.ts'
import type { KeyKind } from '../tls/certificates.ts'
import { evaluationOf } from './evaluation.ts'
import { AUTHORITY, ENDPOINT, identified, type Made, make } from './made-certificate.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** The verdict, and how many signatures were verified for it. */
function judge(chain: readonly Made[], authorities: readonly Made[]) {
  const verify = vi.spyOn(X509Certificate.prototype, 'verify')
  const read = (made: readonly Made[], file: string) =>
    made.map(({ raw }, index) => certificateOf(new X509Certificate(raw), { file, index }))
  const problem = checkPeerCertificates({
    chain: read(chain, '<peer>'),
    authorities: read(authorities, 'ca-cert.pem'),
    revocationLists: [],
    evaluation: evaluationOf('NORMAL'),
  })
  return { code: problem?.code, checks: verify.mock.calls.length }
}

const root = make({ subject: 'one name', ...AUTHORITY })

test('16 certificates of one name, self-signed, cost one check', () => {
  const forged = (): Made => make({ subject: 'one name', ...AUTHORITY })
  const chain = Array.from({ length: 16 }, forged)
  expect(judge(chain, [root])).toEqual({ code: 'TLS_CERTIFICATE_BAD_SIGNATURE', checks: 1 })
})

test('16 that name each other cost no more than 16 checks', () => {
  const trusted = make({ subject: 'one name', ...AUTHORITY, ...identified('top', 'top') })
  const forger = make({ subject: 'one name', ...AUTHORITY })
  const chain = Array.from({ length: 16 }, (_, at) =>
    make({
      subject: 'one name',
      issuer: forger,
      ...AUTHORITY,
      ...identified(`key ${at}`, at % 2 ? 'top' : `key ${at + 1}`),
    }),
  )
  const { code, checks } = judge(chain, [trusted])
  expect(code).toBe('TLS_CERTIFICATE_BAD_SIGNATURE')
  expect(checks).toBeLessThanOrEqual(16)
})

test('more authorities of one name than may be tried are told', () => {
  const own = make({ subject: 'end', issuer: make({ subject: 'one name' }), ...ENDPOINT })
  const authorities = Array.from({ length: 20 }, () => make({ subject: 'one name', ...AUTHORITY }))
  expect(judge([own], authorities)).toEqual({
    code: 'TLS_CERTIFICATE_TOO_MANY_CHECKS',
    checks: 16,
  })
})

test('of many, one whose key is named is tried first', () => {
  const named = { ...identified('key', 'top') }
  const issuer = make({ subject: 'one name', ...AUTHORITY, ...named })
  const own = make({ subject: 'end', issuer, ...ENDPOINT, ...identified('end', 'key') })
  const authorities = Array.from({ length: 20 }, () => make({ subject: 'one name', ...AUTHORITY }))
  expect(judge([own], [...authorities, issuer])).toEqual({ code: undefined, checks: 1 })
  expect(judge([own], authorities).code).toBe('TLS_CERTIFICATE_TOO_MANY_CHECKS')
})

test('ways that are many although each signature is good are told, and not all gone', () => {
  const top = make({ subject: 'y', ...AUTHORITY })
  const other = make({ subject: 'x', ...AUTHORITY }, top)
  // Of one key, so that each of them may stand below each of the other name.
  const crossed = Array.from({ length: 14 }, (_, at) =>
    make({ subject: at % 2 ? 'x' : 'y', issuer: at % 2 ? top : other, ...AUTHORITY }, top),
  )
  const own = make({ subject: 'end', issuer: make({ subject: 'x', ...AUTHORITY }), ...ENDPOINT })
  const { code, checks } = judge([own, ...crossed], [top])
  expect(code).toBe('TLS_CERTIFICATE_TOO_MANY_CHECKS')
  expect(checks).toBeLessThanOrEqual(16)
})

test.each<KeyKind>(['ec-sect571r1', 'ec-secp521r1'])(
  'keys on %s that a peer chose verify nothing',
  (key) => {
    const forger = make({ subject: 'forger', key, ...AUTHORITY })
    const middle = make({ subject: 'middle', issuer: forger, key, ...AUTHORITY })
    const chain = [make({ subject: 'end', issuer: middle, key, ...ENDPOINT }), middle, forger]
    expect(judge(chain, [root])).toEqual({ code: 'TLS_CERTIFICATE_NO_ISSUER', checks: 0 })
  },
)

test('results are remembered from one handshake to the next', () => {
  const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
  const good = [make({ subject: 'end', issuer: middle, ...ENDPOINT }), middle]
  expect(judge(good, [root])).toEqual({ code: undefined, checks: 2 })
  vi.restoreAllMocks()
  expect(judge(good, [root])).toEqual({ code: undefined, checks: 0 })
  const bad = [make({ subject: 'end', issuer: make({ subject: 'one name' }), ...ENDPOINT })]
  const verdict = { code: 'TLS_CERTIFICATE_BAD_SIGNATURE', checks: 1 }
  vi.restoreAllMocks()
  expect(judge(bad, [root])).toEqual(verdict)
  vi.restoreAllMocks()
  expect(judge(bad, [root])).toEqual({ ...verdict, checks: 0 })
})
