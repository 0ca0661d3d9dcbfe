/** An authority with many constraints and a certificate with many names: work stays small. */
import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { certificateOf } from '../../src/x509/certificate.ts'
import { checkPeerCertificates } from '../../src/x509/peer-check.ts'
import { cpuSeconds } from '../cpu-time.ts'
import { element, integer, sequence } from '../tls/certificates.ts'
import { evaluationOf } from './evaluation.ts'
import { AUTHORITY, type Description, ENDPOINT, encodeName, make } from './made-certificate.ts'
import { constraints } from './name-cases.ts'

type Name = readonly [tag: number, value: Buffer]

const evaluation = evaluationOf('NORMAL')

/** What a slow machine needs for any of these; some took 25 s on a fast one. */
const SECONDS = 5

function judge(limits: Description, own: Description): { code?: string; seconds: number } {
  const root = make({ subject: 'root', ...AUTHORITY })
  const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY, ...limits })
  const end = make({ subject: 'end', issuer: middle, ...ENDPOINT, ...own })
  let code: string | undefined
  const seconds = cpuSeconds(() => {
    const [anchor, ...rest] = [root, middle, end].map(({ raw }, index) =>
      certificateOf(new X509Certificate(raw), { file: 'peer', index }),
    )
    const input = { chain: rest.toReversed(), authorities: [anchor!], revocationLists: [] }
    code = checkPeerCertificates({ ...input, evaluation })?.code
  })
  return { ...(code === undefined ? {} : { code }), seconds }
}

function many(count: number, name: (index: number) => Name): readonly Name[] {
  return Array.from({ length: count }, (_, index) => name(index))
}

const dns = (text: string): Name => [0x82, Buffer.from(text)]
const mail = (text: string): Name => [0x81, Buffer.from(text)]
const uri = (text: string): Name => [0x86, Buffer.from(text)]
const directory = (text: string): Name => [0xa4, encodeName(text)]

const FORBIDDEN = 'TLS_CERTIFICATE_FORBIDDEN_NAME'

type Row = readonly [what: string, limits: Description, names: readonly Name[], code?: string]

const ROWS: readonly Row[] = [
  [
    'long hosts below many excluded ones',
    constraints(
      [],
      many(10_000, (index) => dns(`e${index}`)),
    ),
    many(100, (index) => dns(`${'A'.repeat(800)}${index}.good.example`)),
  ],
  [
    'a host of dots',
    constraints(
      [],
      many(1_000, (index) => dns(`e${index}`)),
    ),
    [dns(`a${'.'.repeat(60_000)}b`)],
  ],
  [
    'a mailbox of dots',
    constraints(
      [],
      many(1_000, (index) => mail(`e${index}.example`)),
    ),
    [mail(`a@b${'.'.repeat(60_000)}c`)],
  ],
  [
    'a long URI',
    constraints(many(1_000, (index) => uri(`e${index}.example`))),
    [uri(`http://${'@'.repeat(60_000)}!`)],
    FORBIDDEN,
  ],
  [
    'many directory names',
    constraints(many(1_000, (index) => directory(`e${index}`))),
    many(1_000, (index) => directory(`h${index}`)),
    FORBIDDEN,
  ],
  [
    'a directory name of many attributes',
    constraints([[0xa4, crowdedName('g')]]),
    [[0xa4, crowdedName('h')]],
    FORBIDDEN,
  ],
  [
    'more names than may be compared',
    constraints(
      [],
      many(2_000, (index) => dns(`e${index}`)),
    ),
    many(2_000, (index) => dns(`h${index}`)),
    FORBIDDEN,
  ],
]

/** One relative name of 2,000 attributes. */
function crowdedName(text: string): Buffer {
  const attributes = Array.from({ length: 2_000 }, (_, index) => Buffer.from(`${text}${index}`))
  return encodeName([attributes.map((value) => ['2.5.4.3', 0x0c, value] as const)])
}

for (const [what, limits, names, code] of ROWS) {
  test(what, () => {
    const verdict = judge(limits, { names })
    expect(verdict.code).toBe(code)
    expect(verdict.seconds).toBeLessThan(SECONDS)
  })
}

test('many TLS features', () => {
  const features = sequence(...Array.from({ length: 30_000 }, (_, index) => integer(index + 1)))
  const own: Description = { extensions: [['1.3.6.1.5.5.7.1.24', false, features]] }
  const verdict = judge(own, own)
  expect(verdict.code).toBe('TLS_CERTIFICATE_TOO_MANY_FEATURES')
  expect(verdict.seconds).toBeLessThan(SECONDS)
})

test('a long keyUsage says what its first bits say', () => {
  const bits = element(0x03, Buffer.concat([Buffer.from([0, 0x80]), Buffer.alloc(200_000, 0xff)]))
  const made = make({ subject: 'x', extensions: [['2.5.29.15', true, bits]] })
  const certificate = certificateOf(new X509Certificate(made.raw), { file: 'peer', index: 0 })
  expect(certificate.keyUsage?.uses.has('digitalSignature')).toBe(true)
  expect(certificate.keyUsage?.uses.has('decipherOnly')).toBe(true)
})
