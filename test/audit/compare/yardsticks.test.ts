/** What a yardstick allows to the last bit, and what it says nothing of. */
import { describe, expect, test } from 'vitest'
import { type AllowedTls, NOTHING_ALLOWED } from '../../../src/algorithms/allowed-tls.ts'
import { TLS_GROUPS } from '../../../src/algorithms/tls-groups.ts'
import { TLS_SIGNATURE_SCHEMES } from '../../../src/algorithms/tls-signatures.ts'
import { TLS_SUITES } from '../../../src/algorithms/tls-suites.ts'
import { TLS_VERSIONS } from '../../../src/algorithms/tls-versions.ts'
import { compareTls } from '../../../src/audit/compare/compare-tls.ts'
import { reaches } from '../../../src/audit/compare/finding.ts'
import { FINDING_KINDS, makeFinding } from '../../../src/audit/compare/finding-kinds.ts'
import { finishClaims, handshakeClaims } from '../../../src/audit/compare/handshake-claims.ts'
import type { TlsYardstick } from '../../../src/audit/compare/yardstick.ts'
import type { CertificateResult, GroupEnumeration, TlsScan } from '../../../src/audit/model.ts'
import { ACCEPTED, NOT_OFFERED, REFUSED } from '../answers.ts'
import { CERTIFICATE, items, SCAN } from './scans.ts'

const ALL: AllowedTls = {
  ...{ versions: TLS_VERSIONS, suites: TLS_SUITES, groups: TLS_GROUPS },
  ...{ signatureSchemes: TLS_SIGNATURE_SCHEMES, minimumKeySizes: NOTHING_ALLOWED.minimumKeySizes },
}

/** Findings under a yardstick that allows all but this, as lines. */
function judge(
  scan: Partial<TlsScan>,
  allowed: Partial<AllowedTls> = {},
  silentOn: TlsYardstick['silentOn'] = [],
): readonly string[] {
  const yardstick: TlsYardstick = {
    ...{ title: 'a test', allowed: { ...ALL, ...allowed }, silentOn },
    reasonsFor: ({ kind, name }) => [{ text: `${kind} ${name}`, place: null }],
  }
  const nothing = { versions: [], suites: [], groups: [], signatures: [], chains: [] }
  return compareTls({ ...SCAN, ...nothing, ...scan }, yardstick).map(
    ({ code, severity, item, reasons }) =>
      [code.replace('AUDIT_', ''), severity, item.name, item.version, `(${reasons[0]?.text})`]
        .filter((word) => word !== null)
        .join(' '),
  )
}

const chainsOf = (...certificates: readonly Partial<CertificateResult>[]): TlsScan['chains'] => [
  {
    certificates: certificates.map((one) => ({ ...CERTIFICATE, ...one })),
    ...{ isInOrder: true, unreadable: [] },
  },
]

describe('keys of certificates', () => {
  const minimumKeySizes = { rsa: 3072, dsa: 2048, ec: 256, dh: 0 }

  test.each<[Partial<CertificateResult>, readonly string[]]>([
    [{ keyBits: 3072 }, []],
    [{ keyBits: 3071 }, ['KEY_TOO_SMALL high CN=host.example (key size rsa)']],
    [{ keyType: 'rsa-pss', keyBits: 3071 }, ['KEY_TOO_SMALL high CN=host.example (key size rsa)']],
    [{ keyType: 'dsa', keyBits: 2048 }, []],
    [{ keyType: 'dsa', keyBits: 2047 }, ['KEY_TOO_SMALL high CN=host.example (key size dsa)']],
    [{ keyType: 'ec', keyBits: 256 }, []],
    [{ keyType: 'ec', keyBits: 255 }, ['KEY_TOO_SMALL high CN=host.example (key size ec)']],
    [{ keyType: 'ed25519', keyBits: 1 }, []],
    [{ keyBits: null }, ['UNKNOWN unknown CN=host.example (undefined)']],
    [{ keyBits: 1, subject: '' }, ['KEY_TOO_SMALL high ab (key size rsa)']],
  ])('are held against the least size of their kind: %j', (certificate, expected) => {
    const chains = chainsOf(certificate)
    expect(judge({ chains }, { minimumKeySizes })).toEqual(expected)
    expect(judge({ chains }, { minimumKeySizes }, ['key size'])).toEqual([])
  })

  test('are told once, in whatever chains they are', () => {
    const [small, other] = [
      { keyBits: 1024, fingerprint: 'cd' },
      { keyBits: 1024, fingerprint: 'ef', subject: 'CN=other' },
    ]
    const chains = [...chainsOf({}, small), ...chainsOf(other, small)]
    expect(judge({ chains }, { minimumKeySizes: { ...minimumKeySizes, rsa: 2048 } })).toEqual([
      'KEY_TOO_SMALL high CN=host.example (key size rsa)',
      'KEY_TOO_SMALL high CN=other (key size rsa)',
    ])
  })
})

describe('signatures of certificates', () => {
  const told = (certificate: Partial<CertificateResult>, silentOn: TlsYardstick['silentOn'] = []) =>
    judge({ chains: chainsOf(certificate) }, { signatureSchemes: [] }, silentOn)

  test('are named with the first scheme that they may be', () => {
    const forbidden = 'CERTIFICATE_SIGNATURE_FORBIDDEN high CN=host.example'
    expect(told({})).toEqual([`${forbidden} (signature scheme rsa_pkcs1_sha256)`])
    expect(told({ signatureAlgorithm: 'RSA-PSS-SHA256' })).toEqual([
      `${forbidden} (signature scheme rsa_pss_pss_sha256)`,
    ])
    expect(told({ subject: '' })).toEqual([
      'CERTIFICATE_SIGNATURE_FORBIDDEN high ab (signature scheme rsa_pkcs1_sha256)',
    ])
  })

  test('that cannot be read or named, of the holder itself, or under a silent yardstick are not told', () => {
    expect(told({ signatureAlgorithm: null })).toEqual([])
    expect(told({ signatureAlgorithm: '1.2.3.4' })).toEqual([])
    expect(told({ isSelfSigned: true })).toEqual([])
    expect(told({}, ['signature scheme'])).toEqual([])
  })
})

test.each([
  [3072, []],
  [3071, ['DH_TOO_SMALL medium 3071 bits TLS1.2 (key size dh)']],
  [2048, ['DH_TOO_SMALL medium ffdhe2048 TLS1.2 (key size dh)']],
  [2047, ['DH_TOO_SMALL high 2047 bits TLS1.2 (key size dh)']],
])('a prime of %i bits is held against the least size: %j', (bits, expected) => {
  const group = bits === 2048 ? 'ffdhe2048' : null
  const diffieHellman = [{ version: 'TLS1.2', bits, group }]
  const minimumKeySizes = { ...NOTHING_ALLOWED.minimumKeySizes, dh: 3072 }
  expect(judge({ diffieHellman }, { minimumKeySizes })).toEqual(expected)
  expect(judge({ diffieHellman }, { minimumKeySizes }, ['key size'])).toEqual([])
})

describe('versions', () => {
  /** One is accepted, and nothing is told of that. */
  const other = { name: 'TLS1.2', number: 0x0303, result: ACCEPTED }
  const allowed = { versions: TLS_VERSIONS.filter(({ name }) => name === other.name) }

  const SEVERITIES = [
    ['SSL2.0', 'critical'],
    ['SSL3.0', 'critical'],
    ['TLS1.0', 'high'],
    ['TLS1.1', 'high'],
    ['TLS1.3', 'medium'],
    ['TLS9.9', 'medium'],
  ] as const

  test.each(SEVERITIES)('%s that is not allowed is %s', (name, severity) => {
    const told = (result: TlsScan['versions'][number]['result']) =>
      judge({ versions: [{ name, number: 0, result }, other] }, allowed)
    expect(told(ACCEPTED)).toEqual([`VERSION_FORBIDDEN ${severity} ${name} (version ${name})`])
    expect(told(REFUSED)).toEqual([])
    expect(told({ answer: 'timed-out' })).toHaveLength(1)
  })

  test('that are allowed are no finding where they are accepted, little where they are not', () => {
    const versions = (result: TlsScan['versions'][number]['result']) => [
      { name: 'TLS1.3', number: 0x0304, result },
      other,
    ]
    expect(judge({ versions: versions(ACCEPTED) })).toEqual([])
    const absent = ['VERSION_ABSENT info TLS1.3 (version TLS1.3)']
    expect(judge({ versions: versions(REFUSED) })).toEqual(absent)
    expect(judge({ versions: versions(NOT_OFFERED) })).toEqual(absent)
    for (const result of [ACCEPTED, REFUSED]) {
      expect(judge({ versions: versions(result) }, allowed, ['version'])).toEqual([])
      expect(judge({ versions: versions(result) }, {}, ['version'])).toEqual([])
    }
    const unknown = judge({ versions: versions({ answer: 'rate-limited' }) }, {}, ['version'])
    expect(unknown).toHaveLength(1)
  })
})

describe('lists', () => {
  const list = (version: string, ...names: readonly string[]): GroupEnumeration => ({
    ...{ version, end: REFUSED, items: items(...names) },
    order: 'client',
  })

  test('hold schemes against the yardstick, worse where their hash is broken', () => {
    const names = ['rsa_pkcs1_sha1', 'ecdsa_sha1', 'rsa_pkcs1_md5', 'rsa_pkcs1_sha256']
    const told = (silentOn: TlsYardstick['silentOn']) =>
      judge({ signatures: [list('TLS1.2', ...names)] }, { signatureSchemes: [] }, silentOn)
    expect(told([])).toEqual(
      names.map((name) => {
        const severity = name === 'rsa_pkcs1_sha256' ? 'medium' : 'high'
        return `SIGNATURE_FORBIDDEN ${severity} ${name} TLS1.2 (signature scheme ${name})`
      }),
    )
    expect(told(['signature scheme'])).toEqual([])
  })

  test('of a version that is not allowed are not judged, unless versions are not', () => {
    const scan = { groups: [list('TLS1.2', 'secp521r1')] }
    const [versions, groups] = [TLS_VERSIONS.filter(({ name }) => name !== 'TLS1.2'), []]
    const told = ['GROUP_FORBIDDEN medium secp521r1 TLS1.2 (group secp521r1)']
    expect(judge(scan, { groups })).toEqual(told)
    expect(judge(scan, { groups, versions })).toEqual([])
    expect(judge(scan, { groups, versions }, ['version'])).toEqual(told)
    expect(judge(scan, { groups }, ['group'])).toEqual([])
  })

  test('of an unknown version lack nothing', () => {
    expect(judge({ groups: [list('TLS9.9', 'x25519')] }, {}, ['version'])).toEqual([])
  })

  test('lack suites only for which the server shows a key', () => {
    const [rsa, ecdsa, dhe, ecdhe, psk, newer] = [
      ...['TLS_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
      ...['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
      ...['TLS_PSK_WITH_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'],
    ]
    const names = [rsa, ecdsa, dhe, ecdhe, psk, newer]
    const suites = TLS_SUITES.filter(({ name }) => names.includes(name))
    expect(suites).toHaveLength(6)
    const absent = (version: string, ...types: readonly string[]) =>
      judge(
        {
          suites: [list(version)],
          chains: types.flatMap((keyType) => chainsOf({ keyType, keyBits: 4096 })),
        },
        { suites },
      ).map((line) => line.split(' ')[2])
    expect(absent('TLS1.2', 'rsa').toSorted()).toEqual([rsa, dhe, ecdhe].toSorted())
    for (const type of ['ec', 'ed25519', 'ed448']) expect(absent('TLS1.2', type)).toEqual([ecdsa])
    expect(absent('TLS1.2', 'rsa-pss')).toEqual([])
    expect(absent('TLS1.2')).toEqual([])
    expect(absent('TLS1.1', 'rsa', 'ec')).toEqual([])
    expect(absent('TLS1.3')).toEqual([newer])
  })

  test('of groups are told by their curves and primes alone where one of both was cut', () => {
    const cut = { ...list('TLS1.2', 'ffdhe2048'), end: { answer: 'timed-out' } as const }
    const suites = [list('TLS1.2', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256')]
    const told = (groups: TlsScan['groups']) => judge({ suites, groups, chains: chainsOf({}) })
    for (const groups of [
      [list('TLS1.2', 'x25519'), cut],
      [cut, list('TLS1.2', 'x25519')],
    ]) {
      const lines = told(groups).filter((line) => !/^(SUITE|CERTIFICATE)/.test(line))
      expect(lines).toEqual(['UNKNOWN unknown  TLS1.2 (undefined)'])
    }
  })
})

describe('an order of the server', () => {
  const [strong, weak, other] = [
    ...['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_RSA_WITH_AES_128_CBC_SHA'],
    'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  ] as const
  const suitesOf = (...names: readonly string[]) =>
    names.flatMap((name) => TLS_SUITES.find((suite) => suite.name === name) ?? [])
  const told = (
    allowed: readonly string[],
    found: readonly string[],
    order: 'client' | 'server' | 'unknown' = 'server',
  ) =>
    judge(
      { suites: [{ version: 'TLS1.2', order, end: REFUSED, items: items(...found) }] },
      { suites: suitesOf(...allowed) },
    ).filter((line) => line.startsWith('ORDER'))

  test('is weaker where a weak suite stands before a strong one that the yardstick prefers', () => {
    const weaker = [`ORDER_WEAKER low ${weak} TLS1.2 (suite ${strong})`]
    expect(told([strong, weak], [weak, strong])).toEqual(weaker)
    expect(told([strong, other, weak], [other, weak, strong])).toEqual(weaker)
    expect(told([strong, weak], [strong, weak])).toEqual([])
    // The yardstick has the weak one first too.
    expect(told([weak, strong, other], [weak, other, strong])).toEqual([])
    // Strong ones in another order, and weak ones at the end.
    expect(told([strong, other, weak], [other, strong, weak])).toEqual([])
    expect(told([strong, other], [other, strong])).toEqual([])
    expect(told([strong, weak], [weak, strong], 'client')).toEqual([])
    expect(told([strong, weak], [weak, strong], 'unknown')).toEqual([])
  })
})

test.each([
  ['critical', [true, true, true, true, true, false]],
  ['medium', [false, false, true, true, true, false]],
  ['info', [false, false, false, false, true, false]],
  ['unknown', [false, false, false, false, false, true]],
] as const)('a finding that is %s reaches limits up to its own', (severity, expected) => {
  const item = { kind: 'version', name: 'TLS1.0', version: null }
  const details = { item, evidence: [], reasons: [], severity }
  const found = [makeFinding(FINDING_KINDS.versionForbidden, details)]
  const limits = ['critical', 'high', 'medium', 'low', 'info', 'unknown'] as const
  expect(limits.map((limit) => reaches(found, limit))).toEqual(expected)
})

test('one severe finding among others is enough to reach a limit', () => {
  const findings = (['info', 'high', 'unknown', 'low'] as const).map((severity) =>
    makeFinding(FINDING_KINDS.versionForbidden, {
      item: { kind: 'version', name: 'TLS1.0', version: null },
      ...{ evidence: [], reasons: [], severity },
    }),
  )
  const limits = ['critical', 'high', 'unknown'] as const
  expect(limits.map((limit) => reaches(findings, limit))).toEqual([false, true, true])
})

test('what a scan showed of handshakes is named by the questions that it asked', () => {
  const list = (version: string, ...names: readonly string[]) =>
    ({ version, order: 'client', end: REFUSED, items: items(...names) }) as const
  const suites = [list('TLS1.3', 'a'), list('TLS1.2', 'b'), list('TLS1.1', 'c')]
  const claims = (signatures: TlsScan['signatures'], features: TlsScan['features'] = {}) => [
    handshakeClaims({ ...SCAN, suites, signatures }),
    finishClaims({ ...SCAN, suites, signatures, features }),
  ]
  const older = ['suites TLS1.2', 'suites TLS1.1']
  const computed = [list('TLS1.3', 'x'), list('TLS1.2', 'y')]
  expect(claims(computed)).toEqual([['signatures TLS1.3', ...older], ['finish TLS1.3']])
  const none = [list('TLS1.3'), list('TLS1.2', 'y')]
  expect(claims(none)).toEqual([older, []])
  expect(claims(none, { clientRenegotiation: REFUSED })).toEqual([older, ['finish before TLS1.3']])
})
