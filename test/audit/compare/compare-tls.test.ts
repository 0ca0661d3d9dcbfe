import { describe, expect, test } from 'vitest'
import { cipherListYardstick } from '../../../src/audit/compare/cipher-list-yardstick.ts'
import { compareTls } from '../../../src/audit/compare/compare-tls.ts'
import {
  compareClearText,
  compareClientCertificate,
  compareRenegotiation,
} from '../../../src/audit/compare/exposure.ts'
import { type Finding, reaches } from '../../../src/audit/compare/finding.ts'
import {
  guidelinesYardstick,
  parseGuidelines,
} from '../../../src/audit/compare/guidelines-yardstick.ts'
import { policyYardstick } from '../../../src/audit/compare/policy-yardstick.ts'
import { priorityYardstick } from '../../../src/audit/compare/priority-yardstick.ts'
import type { Answer, CertificateResult, TlsScan } from '../../../src/audit/model.ts'
import { evaluatePriority } from '../../../src/priority/evaluate.ts'
import { parseSystemConfig } from '../../../src/priority/system-config.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import { ACCEPTED, NOT_OFFERED, REFUSED } from '../answers.ts'
import { CERTIFICATE, items, SCAN } from './scans.ts'

const FUTURE = policyYardstick(shippedPolicy('FUTURE').policy, 'openssl')
const DEFAULT = policyYardstick(shippedPolicy('DEFAULT').policy, 'openssl')

/** Codes and items of findings that are no mere absence. */
function told(findings: readonly Finding[]): readonly string[] {
  const worse = findings.filter(({ severity }) => severity !== 'info')
  return worse.map(({ code, item }) => `${code} ${item.name} ${item.version ?? ''}`.trim())
}

test('a server that keeps to the policy has no finding', () => {
  expect(told(compareTls(SCAN, DEFAULT))).toEqual([])
})

test('a version that is not allowed is told, with the line, and not each suite of it', () => {
  const scan: TlsScan = {
    ...SCAN,
    versions: [...SCAN.versions, { name: 'TLS1.0', number: 0x301, result: ACCEPTED }],
    suites: [
      ...SCAN.suites,
      {
        version: 'TLS1.0',
        order: 'server',
        end: REFUSED,
        items: items('TLS_RSA_WITH_CAMELLIA_128_CBC_SHA'),
      },
    ],
  }
  const findings = compareTls(scan, DEFAULT)
  expect(told(findings)).toEqual(['AUDIT_VERSION_FORBIDDEN TLS1.0'])
  expect(findings[0]?.severity).toBe('high')
  expect(findings[0]?.reasons[0]).toEqual({
    text: expect.stringMatching(/^protocol@TLS = TLS1\.3 TLS1\.2/),
    place: expect.stringMatching(/^DEFAULT\.pol:\d+:\d+$/),
  })
})

const CONTINUED = `protocol@TLS = TLS1.3 TLS1.2
group = X25519 \\
  SECP256R1 \\
  SECP384R1
sign = RSA-PSS-SHA2-256
cipher = AES-256-GCM \\
  AES-128-GCM
mac = AEAD
hash = SHA2-256 SHA2-384
key_exchange = ECDHE
`

/** What an item's finding names, under `modules/M.pmod` and a policy whose lists go over several lines. */
function reasonsFor(group: string, module: string) {
  const extra = { 'DEFAULT.pol': CONTINUED, 'modules/M.pmod': module }
  const { policy } = shippedPolicy('DEFAULT:M', extra)
  const { reasonsFor: reasons } = policyYardstick(policy, 'gnutls')
  return reasons({ kind: 'group', name: group })
}

test('a value on a continued line is named with its own line and with the whole statement', () => {
  expect(reasonsFor('secp384r1', 'min_rsa_size = 2048\n')).toEqual([
    { text: 'group = X25519 SECP256R1 SECP384R1', place: 'DEFAULT.pol:4:3' },
  ])
  expect(reasonsFor('secp384r1', '\ngroup@gnutls = -SECP521R1 \\\n  -SECP384R1\n')).toEqual([
    { text: 'group@gnutls = -SECP521R1 -SECP384R1', place: 'modules/M.pmod:3:3' },
  ])
  expect(reasonsFor('secp256r1', 'group = X25519 \\\n X448\n')).toEqual([
    { text: 'group = X25519 X448', place: 'modules/M.pmod:1:1' },
  ])
})

test('of a long statement the value that decides is not cut off', () => {
  const long = `group = ${'X25519 X448 SECP384R1 '.repeat(8)}\\\n SECP521R1 FFDHE-2048\n`
  expect(reasonsFor('secp521r1', long)).toEqual([
    { text: 'group = ... SECP521R1 ...', place: 'modules/M.pmod:2:2' },
  ])
})

test('of a long statement as much is told as goes into 120 characters', () => {
  const reason = (statement: string, group: string) => reasonsFor(group, `${statement}\n`)[0]?.text
  const list = (...[first, middle, last]: readonly number[]) =>
    `group =${' X448'.repeat(first!)}${' X25519'.repeat(middle!)}${' SECP521R1'.repeat(last!)}`
  const whole = list(1, 4, 8)
  expect([whole.length, reason(whole, 'x448')]).toEqual([120, whole])
  const longer = list(2, 2, 9)
  expect([longer.length, reason(longer, 'x448')]).toEqual([121, `${longer.slice(0, 117)}...`])
  expect(reason(longer, 'secp521r1')).toBe('group = ... SECP521R1')
  const atTheEnd = list(22, 0, 2)
  expect(reason(atTheEnd, 'x448')).toBe(`${atTheEnd.slice(0, 117)}...`)
  expect(reason(`${list(2, 4, 8)} FFDHE-2048 X448`, 'ffdhe2048')).toBe('group = ... FFDHE-2048 ...')
  const taken = `group =${' -X448'.repeat(20)} -SECP384R1`
  expect(reason(taken, 'secp384r1')).toBe('group = ... -SECP384R1')
})

test('suites are told with the line of each part that forbids them, worst first', () => {
  const [newest, older] = SCAN.suites
  const more = items(
    'TLS_RSA_WITH_CAMELLIA_128_CBC_SHA',
    'TLS_RSA_WITH_RC4_128_SHA',
    'TLS_DH_anon_WITH_AES_128_CBC_SHA',
    'TLS_RSA_WITH_ARIA_128_CBC_SHA256',
  )
  const scan = { ...SCAN, suites: [newest!, { ...older!, items: [...older!.items, ...more] }] }
  const findings = compareTls(scan, DEFAULT).filter(({ severity }) => severity !== 'info')
  expect(findings.map(({ severity, item }) => `${severity} ${item.name}`)).toEqual([
    'critical TLS_DH_anon_WITH_AES_128_CBC_SHA',
    'high TLS_RSA_WITH_RC4_128_SHA',
    'medium TLS_RSA_WITH_CAMELLIA_128_CBC_SHA',
    'medium TLS_RSA_WITH_ARIA_128_CBC_SHA256',
  ])
  const camellia = findings.find(({ item }) => item.name === 'TLS_RSA_WITH_CAMELLIA_128_CBC_SHA')
  expect(camellia?.reasons.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^cipher@TLS = /),
  ])
  const aria = findings.find(({ item }) => item.name.includes('ARIA'))
  expect(aria?.reasons[0]?.place).toBeNull()
})

test('of a server that accepts no version nothing was learnt', () => {
  const scan = (...results: readonly Answer[]): TlsScan => ({
    ...SCAN,
    ...{ suites: [], groups: [], signatures: [], chains: [] },
    versions: SCAN.versions.map((one, at) => ({ ...one, result: results[at] ?? NOT_OFFERED })),
  })
  const unknown = (...results: readonly Answer[]) =>
    compareTls(scan(...results), DEFAULT).filter(({ code }) => code === 'AUDIT_UNKNOWN')
  expect(unknown(REFUSED, REFUSED)).toMatchObject([
    {
      item: { kind: 'versions', name: '', version: null },
      message:
        'the server could not be asked for its versions: it accepted none, and showed nothing else',
      evidence: ['TLS1.3', 'TLS1.2', 'TLS1.1', 'TLS1.0', 'SSL3.0', 'SSL2.0'].map(
        (name) => `suites ${name}`,
      ),
    },
  ])
  expect(unknown(ACCEPTED)).toEqual([])
  expect(unknown({ answer: 'timed-out' })).toMatchObject([{ item: { name: 'TLS1.3' } }])
})

test('what was not learnt is told as unknown, and is no absence', () => {
  const [newest, older] = SCAN.suites
  const cut = { answer: 'unknown', because: 'budget spent' } as const
  const scan: TlsScan = {
    ...SCAN,
    versions: SCAN.versions.map((one) =>
      one.name === 'TLS1.1' ? { ...one, result: { answer: 'rate-limited' } } : one,
    ),
    suites: [newest!, { ...older!, end: cut }],
  }
  const findings = compareTls(scan, DEFAULT)
  const unknown = findings.filter(({ severity }) => severity === 'unknown')
  expect(unknown.map(({ message }) => message)).toEqual([
    'the server could not be asked for its version: it was rate-limited',
    'the server could not be asked for its suites: budget spent',
  ])
  expect(
    findings.filter(({ code, item }) => code === 'AUDIT_SUITE_ABSENT' && item.version === 'TLS1.2'),
  ).toEqual([])
  expect(reaches(findings, 'low')).toBe(false)
  expect(reaches(findings, 'unknown')).toBe(true)
})

test.each([
  [{ answer: 'rate-limited' }, 'Ask again with --rate.'],
  [{ answer: 'timed-out' }, 'Ask again with a longer --timeout.'],
  [{ answer: 'unknown', because: 'budget spent' }, 'Ask again with a larger --budget.'],
  [
    { answer: 'unknown', because: 'connection reset' },
    'Look into the log of the server, and ask again.',
  ],
] as const)('the remedy of an unknown fits what happened: %o', (result, remedy) => {
  const versions = SCAN.versions.map((one) => (one.name === 'TLS1.1' ? { ...one, result } : one))
  const findings = compareTls({ ...SCAN, versions }, DEFAULT)
  expect(findings.find(({ severity }) => severity === 'unknown')?.remedy).toBe(remedy)
})

test('a group is no absence where curves and primes of its version are lists of their own', () => {
  const list = (...names: readonly string[]) =>
    ({ version: 'TLS1.2', order: 'server', end: REFUSED, items: items(...names) }) as const
  const scan: TlsScan = {
    ...SCAN,
    suites: [list('TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384')],
    groups: [list('x25519'), list('ffdhe2048')],
  }
  const absent = compareTls(scan, DEFAULT)
    .filter(({ code }) => code === 'AUDIT_GROUP_ABSENT')
    .map(({ item }) => item.name)
  expect(absent).toContain('secp384r1')
  expect(absent).toContain('ffdhe3072')
  expect(absent).not.toContain('x25519')
  expect(absent).not.toContain('ffdhe2048')
  expect(new Set(absent).size).toBe(absent.length)
})

/** The groups that a server is told to lack, which has these suites in a version, and a group beside. */
function absentGroups(version: string, suite: string, text: string): readonly string[] {
  const list = { version, order: 'server', end: REFUSED } as const
  const suites = [{ ...list, items: items(suite) }]
  const groups = [{ ...list, items: items('secp521r1') }]
  const source = { name: '<priority>', text }
  const outcome = evaluatePriority(source)
  if (!outcome.ok) throw new Error(text)
  return compareTls({ ...SCAN, suites, groups }, priorityYardstick(source, outcome.evaluation, {}))
    .filter(({ code }) => code === 'AUDIT_GROUP_ABSENT')
    .map(({ item }) => item.name)
    .toSorted()
}

test('a group is an absence only where the suites of a version have a use for it', () => {
  const text =
    'NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AEAD:+AES-128-GCM:+ECDHE-RSA:+DHE-RSA:+RSA:+VKO-GOST-12:+SIGN-RSA-SHA256:+GROUP-X25519:+GROUP-FFDHE2048:+GROUP-GOST-ALL:+CIPHER-ALL:+MAC-ALL:+COMP-NULL'
  const absent = (version: string, suite: string) => absentGroups(version, suite, text)
  expect(absent('TLS1.3', 'TLS_AES_128_GCM_SHA256')).toEqual(['ffdhe2048', 'x25519'])
  expect(absent('TLS1.2', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256')).toEqual(['x25519'])
  expect(absent('TLS1.2', 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256')).toEqual(['ffdhe2048'])
  expect(absent('TLS1.2', 'TLS_RSA_WITH_AES_128_GCM_SHA256')).toEqual([])
})

test('small keys, weak signatures of certificates and small primes are told', () => {
  const weak = { ...CERTIFICATE, keyBits: 1024, signatureAlgorithm: 'RSA-SHA1' }
  const scan: TlsScan = {
    ...SCAN,
    chains: [{ certificates: [weak, weak], isInOrder: true, unreadable: [] }],
    diffieHellman: [{ version: 'TLS1.2', bits: 1024, group: null }],
  }
  const findings = compareTls(scan, DEFAULT)
  expect(told(findings)).toEqual([
    'AUDIT_DH_TOO_SMALL 1024 bits TLS1.2',
    'AUDIT_KEY_TOO_SMALL CN=host.example',
    'AUDIT_CERTIFICATE_SIGNATURE_FORBIDDEN CN=host.example',
  ])
  expect(findings[1]?.reasons[0]?.text).toBe('min_rsa_size = 2048')
})

test.each([
  ['EdDSA-Ed25519', '-SIGN-EDDSA-ED25519'],
  ['ECDSA-SHA384', '-SIGN-ECDSA-SHA384:-SIGN-ECDSA-SECP384R1-SHA384'],
  ['RSA-PSS-SHA512', '-SIGN-RSA-PSS-SHA512:-SIGN-RSA-PSS-RSAE-SHA512'],
])('a certificate that is signed with %s is told where that is taken away', (algorithm, words) => {
  const certificate = { ...CERTIFICATE, signatureAlgorithm: algorithm }
  const scan: TlsScan = {
    ...SCAN,
    chains: [{ certificates: [certificate], isInOrder: true, unreadable: [] }],
  }
  const judge = (text: string): readonly string[] => {
    const source = { name: '<priority>', text }
    const outcome = evaluatePriority(source)
    if (!outcome.ok) throw new Error(text)
    return told(compareTls(scan, priorityYardstick(source, outcome.evaluation, {})))
  }
  const forbidden = 'AUDIT_CERTIFICATE_SIGNATURE_FORBIDDEN CN=host.example'
  expect(judge('NORMAL')).not.toContain(forbidden)
  expect(judge(`NORMAL:${words}`)).toContain(forbidden)
})

test.each(['RSA-MD5', 'RSA-MD2', 'RSA-RMD160'])('%s is allowed nowhere', (signatureAlgorithm) => {
  const certificates = [{ ...CERTIFICATE, signatureAlgorithm }]
  const scan = { ...SCAN, chains: [{ certificates, isInOrder: true, unreadable: [] }] }
  expect(told(compareTls(scan, DEFAULT))).toContain(
    'AUDIT_CERTIFICATE_SIGNATURE_FORBIDDEN CN=host.example',
  )
})

test("an authority's signature on itself is not judged, that of another key of the same name is", () => {
  const root = {
    ...CERTIFICATE,
    subject: 'CN=authority',
    isSelfSigned: true,
    signatureAlgorithm: 'RSA-SHA1',
  }
  const scanOf = (last: CertificateResult) => ({
    ...SCAN,
    chains: [{ certificates: [CERTIFICATE, last], isInOrder: true, unreadable: [] }],
  })
  expect(told(compareTls(scanOf(root), DEFAULT))).toEqual([])
  expect(told(compareTls(scanOf({ ...root, isSelfSigned: false }), DEFAULT))).toEqual([
    'AUDIT_CERTIFICATE_SIGNATURE_FORBIDDEN CN=authority',
  ])
})

describe('a certificate that was not read', () => {
  const judge = (chains: TlsScan['chains'], suite: string) => {
    const suites = [{ version: 'TLS1.2', order: 'server', end: REFUSED, items: items(suite) }]
    const scan = { ...SCAN, suites, chains } as TlsScan
    return told(compareTls(scan, DEFAULT)).filter((line) => line.startsWith('AUDIT_UNKNOWN'))
  }

  const shown = (keyType: string, keyBits: number | null = 4096): TlsScan['chains'] => [
    {
      certificates: [{ ...CERTIFICATE, keyType, keyBits }],
      isInOrder: true,
      unreadable: [],
    },
  ]

  test.each<[string, string, readonly string[]]>([
    ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'RSA', ['rsa', 'rsa-pss']],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'elliptic curves', ['ec', 'ed25519', 'ed448']],
    ['TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384', 'elliptic curves', ['ec']],
    ['TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384', 'elliptic curves', ['ec']],
    ['TLS_RSA_WITH_AES_256_GCM_SHA384', 'RSA', ['rsa']],
    ['TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA', 'DSA', ['dsa']],
    ['TLS_SRP_SHA_DSS_WITH_AES_128_CBC_SHA', 'DSA', ['dsa']],
    ['TLS_SRP_SHA_RSA_WITH_AES_128_CBC_SHA', 'RSA', ['rsa']],
    ['TLS_DH_DSS_WITH_AES_128_CBC_SHA', 'Diffie-Hellman', ['dh']],
    ['TLS_DHE_RSA_WITH_AES_256_GCM_SHA384', 'RSA', ['rsa']],
    ['TLS_RSA_PSK_WITH_AES_256_GCM_SHA384', 'RSA', ['rsa']],
    ['TLS_RSA_EXPORT_WITH_RC4_40_MD5', 'RSA', ['rsa']],
  ])('is told where none was shown for %s', (suite, title, types) => {
    const told = [`AUDIT_UNKNOWN ${title}`]
    expect(judge([], suite)).toEqual(told)
    const others = ['rsa', 'ec', 'dsa', 'dh'].filter((type) => !types.includes(type))
    for (const type of others) expect(judge(shown(type), suite)).toEqual(told)
    for (const type of types) expect(judge(shown(type), suite)).toEqual([])
    const all = others.flatMap((type) => shown(type)).concat(types.flatMap((type) => shown(type)))
    expect(judge(all, suite)).toEqual([])
  })

  test.each([
    'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256',
    'TLS_DH_anon_WITH_AES_256_GCM_SHA384',
    'TLS_ECDH_anon_WITH_AES_256_CBC_SHA',
    'TLS_DH_anon_EXPORT_WITH_RC4_40_MD5',
    'TLS_PSK_WITH_AES_256_GCM_SHA384',
    'TLS_SRP_SHA_WITH_AES_128_CBC_SHA',
  ])('is not told of %s, which shows none', (suite) => {
    expect(judge([], suite)).toEqual([])
  })

  test.each([
    ['unknown', null],
    ['ec', null],
    ['rsa', null],
  ])('is told where its key cannot be read: %s', (type, bits) => {
    const suite =
      type === 'ec' ? 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384' : 'TLS_RSA_WITH_RC4_128_SHA'
    expect(judge(shown(type, bits), suite)).toEqual(['AUDIT_UNKNOWN CN=host.example'])
    expect(judge(shown('ed25519', null), 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384')).toEqual([])
  })

  test('is told by its place', () => {
    const chain = { certificates: [], isInOrder: true, unreadable: [0, 2] }
    expect(judge([chain, chain], 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384')).toEqual([
      'AUDIT_UNKNOWN 0',
      'AUDIT_UNKNOWN 2',
    ])
  })
})

test('a weak suite before a strong one is told, but no order among alike', () => {
  const suites = (...names: readonly string[]): TlsScan => ({
    ...SCAN,
    suites: [{ version: 'TLS1.2', order: 'server', end: REFUSED, items: items(...names) }],
  })
  const strong = 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'
  const other = 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'
  const weak = 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA'
  expect(told(compareTls(suites(other, strong, weak), DEFAULT))).toEqual([])
  expect(told(compareTls(suites(weak, strong), DEFAULT))).toEqual([
    `AUDIT_ORDER_WEAKER ${weak} TLS1.2`,
  ])
})

test('signature schemes for which clients are asked are told', () => {
  const { clientCertificate } = SCAN
  const schemes = items('rsa_pkcs1_sha1', 'rsa_pss_rsae_sha256')
  const scan = { ...SCAN, clientCertificate: { ...clientCertificate, asked: ACCEPTED, schemes } }
  expect(told(compareTls(scan, FUTURE))).toContain(
    'AUDIT_CLIENT_SIGNATURE_FORBIDDEN rsa_pkcs1_sha1',
  )
})

describe('a client certificate', () => {
  test('has to be required by migrations, character devices and libvirt, and where it is asked for', () => {
    expect(told(compareClientCertificate(SCAN, 'migration', undefined))).toHaveLength(1)
    expect(told(compareClientCertificate(SCAN, 'https', undefined))).toEqual([])
    expect(told(compareClientCertificate(SCAN, 'https', true))).toHaveLength(1)
    expect(told(compareClientCertificate(SCAN, 'migration', false))).toEqual([])
  })

  test('that is asked for, and that clients can do without, is told', () => {
    const clientCertificate = { ...SCAN.clientCertificate, asked: ACCEPTED }
    const scan = { ...SCAN, clientCertificate }
    expect(told(compareClientCertificate(scan, 'migration', undefined))).toHaveLength(1)
  })

  test('whose demand was not learnt is unknown', () => {
    const clientCertificate = {
      ...SCAN.clientCertificate,
      required: { answer: 'timed-out' } as const,
    }
    const [finding] = compareClientCertificate({ ...SCAN, clientCertificate }, 'chardev', undefined)
    expect(finding?.severity).toBe('unknown')
    const required = { ...SCAN, clientCertificate: { ...clientCertificate, required: ACCEPTED } }
    expect(compareClientCertificate(required, 'chardev', undefined)).toEqual([])
  })
})

test.each<[Answer | undefined, readonly string[]]>([
  [undefined, []],
  [REFUSED, []],
  [{ answer: 'not-offered' }, []],
  [ACCEPTED, ['AUDIT_RENEGOTIATION_ACCEPTED high']],
  [{ answer: 'timed-out' }, ['AUDIT_UNKNOWN unknown']],
  [{ answer: 'unknown', because: 'budget spent' }, ['AUDIT_UNKNOWN unknown']],
])('renegotiation that was answered with %j', (clientRenegotiation, expected) => {
  const features = clientRenegotiation ? { clientRenegotiation } : {}
  const findings = compareRenegotiation({ ...SCAN, features })
  expect(findings.map(({ code, severity }) => `${code} ${severity}`)).toEqual(expected)
})

test('a server that lets no stranger in has nothing that was not learnt of renegotiation', () => {
  const because = 'no handshake went far enough to show it'
  const features = { clientRenegotiation: { answer: 'unknown', because } } as const
  const clientCertificate = { ...SCAN.clientCertificate, required: ACCEPTED }
  expect(compareRenegotiation({ ...SCAN, features, clientCertificate })).toEqual([])
  expect(compareRenegotiation({ ...SCAN, features })).toHaveLength(1)
})

test('clear text beside TLS is told, less loudly where it is usual', () => {
  const clear = { kind: 'accepted', said: 'it lists 1 exports' } as const
  expect(compareClearText(clear, 'nbd')[0]?.severity).toBe('high')
  expect(compareClearText(clear, 'smtp')[0]?.severity).toBe('low')
  expect(compareClearText({ ...clear, kind: 'refused' }, 'nbd')).toEqual([])
  expect(compareClearText({ kind: 'unknown', said: '454 later' }, 'smtp')).toMatchObject([
    { code: 'AUDIT_UNKNOWN', item: { kind: 'clear text', name: 'smtp' }, evidence: ['clear text'] },
  ])
})

test('a priority string names the word that decides', () => {
  const text = 'NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:-AES-256-GCM'
  const source = { name: '<priority>', text }
  const outcome = evaluatePriority(source)
  if (!outcome.ok) throw new Error(text)
  const findings = compareTls(SCAN, priorityYardstick(source, outcome.evaluation, {}))
  const suite = findings.find(({ code }) => code === 'AUDIT_SUITE_FORBIDDEN')
  expect(suite?.reasons).toEqual([{ text: '-AES-256-GCM', place: '<priority>:1:34' }])
})

test('a priority string is held to what the configuration of GnuTLS forbids', () => {
  const source = { name: '<priority>', text: 'NORMAL' }
  const text = '[overrides]\ndisabled-curve = X25519\n'
  const options = { config: parseSystemConfig({ name: 'gnutls.config', text }) }
  const outcome = evaluatePriority(source, options)
  if (!outcome.ok) throw new Error(text)
  const findings = compareTls(SCAN, priorityYardstick(source, outcome.evaluation, options))
  const group = findings.find(({ code }) => code === 'AUDIT_GROUP_FORBIDDEN')
  expect(group?.item.name).toBe('x25519')
  const because = 'the configuration of GnuTLS forbids X25519'
  expect(group?.reasons).toEqual([{ text: because, place: null }])
})

test.each([
  ['NORMAL:%PROFILE_HIGH', 'verification profile HIGH'],
  ['NORMAL', 'verification profile LOW'],
  [
    'NONE:+VERS-TLS1.3:+AEAD:+AES-128-GCM:+GROUP-X25519:+SIGN-RSA-SHA256',
    'verification profile none',
  ],
])('a small key has the verification profile of %s as its reason', (text, expected) => {
  const source = { name: '<priority>', text }
  const outcome = evaluatePriority(source)
  if (!outcome.ok) throw new Error(text)
  const { reasonsFor: reasons } = priorityYardstick(source, outcome.evaluation, {})
  expect(reasons({ kind: 'key size', name: 'rsa' })).toEqual([{ text: expected, place: null }])
  expect(reasons({ kind: 'suite', name: 'TLS_RSA_WITH_ARIA_128_CBC_SHA256' })).toEqual([
    { text: 'GnuTLS has no name for TLS_RSA_WITH_ARIA_128_CBC_SHA256', place: null },
  ])
})

test('a cipher list judges suites before TLS 1.3 and nothing else', () => {
  const source = { name: '<ciphers>', text: 'ECDHE+CHACHA20' }
  const findings = compareTls(SCAN, cipherListYardstick(source, '3.5'))
  expect(told(findings)).toEqual([
    'AUDIT_SUITE_FORBIDDEN TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 TLS1.2',
  ])
})

/** The form of the guidelines that Mozilla publishes. */
const GUIDELINES = {
  version: 5.7,
  configurations: {
    modern: {
      certificate_curves: ['prime256v1', 'secp384r1'],
      ciphers: { openssl: [] },
      ciphersuites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'],
      dh_param_size: null,
      ecdh_param_size: 256,
      rsa_key_size: null,
      tls_curves: ['X25519', 'prime256v1', 'secp384r1'],
      tls_versions: ['TLSv1.3'],
    },
    old: {
      ciphers: { openssl: ['ECDHE-RSA-AES256-GCM-SHA384', 'AES128-SHA'] },
      ciphersuites: ['TLS_AES_256_GCM_SHA384'],
      dh_param_size: 1024,
      ecdh_param_size: 256,
      rsa_key_size: 2048,
      tls_curves: ['X25519', 'prime256v1', 'secp384r1'],
      tls_versions: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    },
  },
}

test("Mozilla's guidelines are a yardstick", () => {
  const judge = (level: string) => {
    const parsed = parseGuidelines(GUIDELINES, level)
    if (!parsed.ok) throw new Error(parsed.reason)
    return told(compareTls(SCAN, guidelinesYardstick(parsed.guideline, level, '5.7.json')))
  }
  expect(judge('modern')).toEqual(['AUDIT_VERSION_FORBIDDEN TLS1.2'])
  expect(judge('old')).toEqual([])
})

test('names in guidelines that are properties of every object are of no algorithm', () => {
  const names = ['constructor', '__proto__', 'toString', 'X25519']
  const modern = { tls_versions: names, tls_curves: names, ciphersuites: names }
  const parsed = parseGuidelines({ configurations: { modern } }, 'modern')
  if (!parsed.ok) throw new Error(parsed.reason)
  const { allowed } = guidelinesYardstick(parsed.guideline, 'modern', 'file')
  expect(allowed).toMatchObject({ versions: [], suites: [], groups: [{ name: 'x25519' }] })
})

test.each([
  [GUIDELINES, 'strict', 'there is no level strict: it has modern, old'],
  [GUIDELINES, 'constructor', 'there is no level constructor: it has modern, old'],
  [null, 'modern', 'there is no level modern: it has no configurations'],
  [{ configurations: 'text' }, 'modern', 'there is no level modern: it has no configurations'],
  [{ configurations: { modern: {} } }, 'modern', 'it names no tls_versions'],
])('what is no guideline is refused with the reason', (document, level, reason) => {
  expect(parseGuidelines(document, level)).toEqual({ ok: false, reason })
})
