/** Which way is found, and which of several reasons is told, whatever the rules are. */
import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Diagnostic, diagnose } from '../../src/diagnostics/diagnostic.ts'
import { type Certificate, certificateOf } from '../../src/x509/certificate.ts'
import { type ChainRules, findChain } from '../../src/x509/chain-search.ts'
import { X509_KINDS } from '../../src/x509/x509-diagnostics.ts'
import { AUTHORITY, ENDPOINT, identified, type Made, make } from './made-certificate.ts'

const root = make({ subject: 'root', ...AUTHORITY })
const upper = make({ subject: 'upper', issuer: root, ...AUTHORITY })
const lower = make({ subject: 'lower', issuer: upper, ...AUTHORITY })
const own = make({ subject: 'own', issuer: lower, ...ENDPOINT })

function read(made: readonly Made[]): readonly Certificate[] {
  return made.map(({ raw }, index) =>
    certificateOf(new X509Certificate(raw), { file: '<peer>', index }),
  )
}

/** Names of the certificates that a rule refuses, the anchor's as well. */
function refusing(...names: readonly string[]): ChainRules {
  const check = (certificate: Certificate): Diagnostic | undefined =>
    names.includes(certificate.subject) ? diagnose(X509_KINDS.expired, certificate) : undefined
  return { checkAnchor: check, checkStep: check, checkEnd: () => undefined }
}

/** The subjects of the way from the peer's own certificate upwards, or the message of the refusal. */
function find(chain: readonly Made[], rules: ChainRules, authorities = [root]): unknown {
  const found = findChain(read(chain), read(authorities), rules)
  return 'path' in found ? found.path.map(({ subject }) => subject) : found.problem.message
}

test('the way goes from the own certificate upwards, without the authority that is trusted', () => {
  const way = ['CN=own', 'CN=lower', 'CN=upper']
  expect(find([own, lower, upper], refusing())).toEqual(way)
  expect(find([own, upper, lower], refusing())).toEqual(way)
  expect(find([own, lower, upper, root], refusing())).toEqual(way)
})

test('the rules see the issuers of each certificate, from the trusted one downwards', () => {
  const seen: string[] = []
  const note = (certificate: Certificate, issuers: readonly Certificate[]) => {
    seen.push([...issuers, certificate].map(({ subject }) => subject).join(' '))
    return undefined
  }
  const rules = { checkAnchor: () => undefined, checkStep: note, checkEnd: note }
  find([own, lower, upper], rules)
  expect(seen).toEqual([
    'CN=root CN=upper',
    'CN=root CN=upper CN=lower',
    'CN=root CN=upper CN=lower CN=own',
    'CN=root CN=upper CN=lower CN=own',
  ])
})

test('an authority of the name that is asked for, with another key, is told apart from none', () => {
  const issuer = make({ subject: 'top', ...AUTHORITY, ...identified('new', 'new') })
  const earlier = make({ subject: 'top', ...AUTHORITY, ...identified('old', 'old') })
  const end = make({ subject: 'end', issuer, ...ENDPOINT, ...identified('end', 'new') })
  expect(find([end], refusing(), [issuer])).toEqual(['CN=end'])
  expect(find([end], refusing(), [root, earlier])).toMatch(
    /no known issuer: the authority of that name, "CN=top", has another key$/,
  )
  expect(find([end], refusing(), [root])).toMatch(/no known issuer: there is none "CN=top"$/)
})

test('of several reasons the one that is nearest to the own certificate is told', () => {
  const far = make({ subject: 'upper', issuer: root, ...AUTHORITY })
  const message = find([own, lower, far, upper], refusing('CN=lower'))
  expect(message).toContain('lower')
  const authorities = [make({ subject: 'root', ...AUTHORITY }), root]
  expect(find([own, lower, upper], refusing('CN=own'), authorities)).toContain('own')
  expect(find([own, lower, upper], refusing('CN=own'), authorities.toReversed())).toContain('own')
})

test('a rule that refuses the trusted certificate refuses every way below it', () => {
  expect(find([own, lower, upper], refusing('CN=root'))).toContain('root')
  expect(find([root], refusing('CN=root'))).toContain('root')
})
