import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { certificateOf } from '../../src/x509/certificate.ts'
import { parseRevocationLists } from '../../src/x509/revocation-list.ts'
import { checkOwnCertificates, type OwnCertificates } from '../../src/x509/sanity-check.ts'
import { element, sequence } from '../tls/certificates.ts'
import { makeCases } from './credential-cases.ts'
import { evaluationOf } from './evaluation.ts'
import { judgeOwn } from './judge-own.ts'
import {
  AUTHORITY,
  CLIENT_AUTH,
  type Description,
  ENDPOINT,
  type Made,
  make,
  makeList,
  SERVER_AUTH,
} from './made-certificate.ts'

test.each(makeCases())('$name ($role): $verdict', (row) => {
  expect(judgeOwn(row)).toBe(row.verdict)
})

const HOUR = 3_600_000
const read = (made: readonly Made[], file: string) =>
  made.map(({ raw }, index) => certificateOf(new X509Certificate(raw), { file, index }))

const root = make({ subject: 'root', ...AUTHORITY })
const own = (more: Description = {}) => make({ subject: 'own', issuer: root, ...ENDPOINT, ...more })

/** What is found, by codes. */
function find(
  chain: readonly Made[],
  authorities: readonly Made[] = [root],
  more: Partial<OwnCertificates> & { readonly lists?: readonly string[] } = {},
): readonly string[] {
  const { lists = [], ...rest } = more
  const found = checkOwnCertificates({
    role: 'server',
    chain: read(chain, 'own'),
    authorities: read(authorities, 'ca'),
    revocationLists: parseAll(lists),
    evaluation: evaluationOf('NORMAL'),
    ...rest,
  })
  return found.map(({ code }) => code.replace(/^TLS_(CERTIFICATE_)?/, ''))
}

function parseAll(lists: readonly string[]) {
  return lists.flatMap((text) => parseRevocationLists({ name: 'ca-crl.pem', text }))
}

describe('all that is wrong is told at once', () => {
  const signs = { keyUsage: { critical: true, uses: ['keyCertSign'] } } as const
  const wrong = { ...signs, basicConstraints: { critical: true, isAuthority: true }, until: -1 }
  const purposes = (purpose: string) => ({
    extendedKeyUsage: { critical: true, purposes: [purpose] },
  })

  test('of the own certificate', () => {
    const chain = [own({ ...wrong, ...purposes(CLIENT_AUTH) })]
    expect(find(chain)).toEqual(['EXPIRED', 'IS_AUTHORITY', 'KEY_USAGE', 'PURPOSE'])
    expect(find([])).toEqual([])
  })

  test('of those above it, in the file and beside it', () => {
    const bad = { basicConstraints: undefined, keyUsage: { critical: true, uses: [] }, until: -1 }
    const top = make({ subject: 'top', ...AUTHORITY, ...bad })
    const middle = make({ subject: 'middle', issuer: top, ...AUTHORITY, ...bad })
    const chain = [make({ subject: 'own', issuer: middle, ...ENDPOINT }), middle]
    const refusals = ['EXPIRED', 'NOT_AUTHORITY', 'CANNOT_SIGN']
    expect(find(chain, [top])).toEqual([...refusals, ...refusals])
  })

  test.each([
    ['server', CLIENT_AUTH, /lacks serverAuth, which a server needs$/],
    ['client', SERVER_AUTH, /lacks clientAuth, which a client needs$/],
  ] as const)('with the purpose that a %s needs', (role, purpose, message) => {
    const found = checkOwnCertificates({
      role,
      chain: read([own(purposes(purpose))], 'own'),
      authorities: read([root], 'ca'),
      revocationLists: [],
      evaluation: evaluationOf('NORMAL'),
    })
    expect(found.map((one) => one.message)).toEqual([expect.stringMatching(message)])
  })

  test('with what is there in place of CA:TRUE', () => {
    const messageFor = (basicConstraints: Description['basicConstraints']) => {
      const top = make({ subject: 'top', ...AUTHORITY, basicConstraints })
      const [found] = checkOwnCertificates({
        role: 'server',
        chain: read([make({ subject: 'own', issuer: top, ...ENDPOINT })], 'own'),
        authorities: read([top], 'ca'),
        revocationLists: [],
        evaluation: evaluationOf('NORMAL'),
      })
      return found?.message
    }
    expect(messageFor(undefined)).toContain('it has no basicConstraints, but')
    expect(messageFor({ critical: true, isAuthority: false })).toContain('say CA:FALSE, but')
  })
})

describe('the way from the file to a root', () => {
  const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
  const below = make({ subject: 'own', issuer: middle, ...ENDPOINT })

  test('may go through the authorities, in any order', () => {
    expect(find([below], [middle, root])).toEqual([])
    expect(find([below], [root, middle])).toEqual([])
    expect(find([below, middle], [root])).toEqual([])
  })

  test('ends where an issuer is missing, or where two issued each other', () => {
    expect(find([below], [middle])).toEqual(['NO_ISSUER'])
    expect(find([below], [])).toEqual(['NO_ISSUER'])
    const one = make({ subject: 'one', ...AUTHORITY })
    const two = make({ subject: 'two', issuer: one, ...AUTHORITY })
    const again = make({ subject: 'one', issuer: two, ...AUTHORITY }, one)
    const looped = make({ subject: 'own', issuer: one, ...ENDPOINT })
    expect(find([looped], [again, two])).toEqual(['NO_ISSUER'])
  })
})

describe('warnings', () => {
  const list = (more: object = {}, signer = root) => makeList({ signer, revoked: [], ...more })

  test('of a list that is due: from the moment that it names', () => {
    const at = Math.floor(Date.now() / 1000) * 1000
    const lists = [list({ at, until: 1 })]
    const codes = (later: number) => find([own()], [root], { lists, now: new Date(at + later) })
    expect(codes(HOUR)).toEqual([])
    expect(codes(HOUR + 1)).toEqual(['REVOCATION_LIST_STALE'])
  })

  test('of a list that none of the authorities signed', () => {
    const other = make({ subject: 'root', ...AUTHORITY })
    expect(find([own()], [root], { lists: [list({}, other)] })).toEqual(['REVOCATION_LIST_STRAY'])
    expect(find([own()], [other, root], { lists: [list()] })).toEqual([])
  })

  test('of certificates of the file that have been revoked, and of no others', () => {
    const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
    const chain = [make({ subject: 'own', issuer: middle, ...ENDPOINT }), middle]
    const revoked = (made: Made | undefined, signer: Made) => [
      list({ revoked: [made?.serial ?? 0] }, signer),
    ]
    const codes = (lists: readonly string[]) => find(chain, [root, middle], { lists })
    expect(codes(revoked(chain[0], middle))).toEqual(['OWN_REVOKED'])
    expect(codes(revoked(middle, root))).toEqual(['OWN_REVOKED'])
    expect(codes(revoked(chain[0], root))).toEqual([])
  })

  test('of a certificate that no peer takes without an OCSP status', () => {
    const features = (number: number): Description => ({
      extensions: [['1.3.6.1.5.5.7.1.24', false, sequence(element(0x02, Buffer.from([number])))]],
    })
    expect(find([own(features(5))])).toEqual(['OWN_NEEDS_STATUS'])
    expect(find([own(features(17))])).toEqual([])
  })
})
