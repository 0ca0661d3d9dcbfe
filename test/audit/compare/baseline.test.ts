import { expect, test } from 'vitest'
import { compareScans, compareWithBaseline } from '../../../src/audit/compare/baseline.ts'
import type { TlsScan } from '../../../src/audit/model.ts'
import type { ClearText } from '../../../src/audit/upgrades/upgrade.ts'
import { ACCEPTED, REFUSED } from '../answers.ts'
import { CERTIFICATE, items, resultOf, SCAN } from './scans.ts'

const before = { ...resultOf(SCAN), ssh: null }

function messages(tls: TlsScan): string[] {
  return compareScans(before, { tls, ssh: null }).map(({ message }) => message)
}

test('two equal scans do not differ', () => {
  expect(messages(SCAN)).toEqual([])
})

test('what a server accepts now, or no longer, is told', () => {
  const [tls13, tls12] = SCAN.suites
  const suites = [tls13!, { ...tls12!, items: items('TLS_RSA_WITH_RC4_128_SHA') }]
  expect(messages({ ...SCAN, suites }).sort()).toEqual([
    'the server no longer accepts the suite TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 in TLS1.2',
    'the server now accepts the suite TLS_RSA_WITH_RC4_128_SHA in TLS1.2',
  ])
})

test('a broken suite is severe where it came, and no danger where it went', () => {
  const [tls13, tls12] = SCAN.suites
  const broken = items('TLS_RSA_WITH_RC4_128_SHA', 'TLS_DH_anon_WITH_AES_128_CBC_SHA')
  const suites = [tls13!, { ...tls12!, items: [...tls12!.items, ...broken] }]
  const groups = [{ ...SCAN.groups[0]!, items: items('x25519', 'group_EXPORT_1') }]
  const other = { tls: { ...SCAN, suites, groups }, ssh: null }
  const severities = (findings: ReturnType<typeof compareScans>) =>
    findings.map(({ severity, item }) => `${severity} ${item.name}`).toSorted()
  expect(severities(compareScans(before, other))).toEqual([
    'critical TLS_DH_anon_WITH_AES_128_CBC_SHA',
    'high TLS_RSA_WITH_RC4_128_SHA',
    'medium group_EXPORT_1',
  ])
  // The earlier scan has no transcript here.
  expect(compareScans(before, other).flatMap(({ evidence }) => evidence)).toEqual([])
  expect(severities(compareScans(other, before))).toEqual([
    'info TLS_DH_anon_WITH_AES_128_CBC_SHA',
    'info TLS_RSA_WITH_RC4_128_SHA',
    'info group_EXPORT_1',
  ])
})

test('an order is compared with that of the same version', () => {
  const [one, other] = [items('x25519', 'secp256r1'), items('secp256r1', 'x25519')]
  const [list] = SCAN.groups
  const groups = [
    { ...list!, version: 'TLS1.3', items: one },
    { ...list!, version: 'TLS1.2', items: other },
  ]
  const scan = { tls: { ...SCAN, groups }, ssh: null }
  expect(compareScans(scan, scan)).toEqual([])
})

test('orders of curves and of primes are compared each with its own, whichever comes first', () => {
  const [curves, primes] = [items('x25519', 'secp256r1'), items('ffdhe2048', 'ffdhe3072')]
  const list = { ...SCAN.groups[0]!, version: 'TLS1.2' }
  const compare = (earlier: typeof curves, ...later: readonly (typeof curves)[]) =>
    compareScans(
      {
        tls: { ...SCAN, groups: [primes, earlier].map((all) => ({ ...list, items: all })) },
        ssh: null,
      },
      { tls: { ...SCAN, groups: later.map((all) => ({ ...list, items: all })) }, ssh: null },
    ).map(({ message }) => message)
  expect(compare(curves, curves, primes)).toEqual([])
  expect(compare(curves, curves.toReversed(), primes)).toEqual([
    'the server has another order of groups: TLS1.2, x25519 secp256r1 before, secp256r1 x25519 now',
  ])
  expect(compare(curves, primes.toReversed(), curves)).toEqual([
    'the server has another order of groups: TLS1.2, ffdhe2048 ffdhe3072 before, ffdhe3072 ffdhe2048 now',
  ])
})

test('what was not learnt is no change', () => {
  const cut = { answer: 'timed-out' } as const
  const [tls13] = SCAN.suites
  const suites = [{ ...tls13!, end: cut, items: [] }]
  const versions = SCAN.versions.map((one) =>
    one.name === 'TLS1.2' ? { ...one, result: cut } : one,
  )
  expect(
    messages({ ...SCAN, suites, versions, groups: [{ ...SCAN.groups[0]!, end: cut, items: [] }] }),
  ).toEqual([])
})

test('another order of the same suites is told, and only where the server has one', () => {
  const [, tls12] = SCAN.suites
  const [one, other] = ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_RSA_WITH_AES_128_CBC_SHA']
  const first = { ...tls12!, items: items(one!, other!) }
  const second = { ...tls12!, items: items(other!, one!) }
  const compare = (order: 'server' | 'client') =>
    compareScans(
      { tls: { ...SCAN, suites: [{ ...first, order }] }, ssh: null },
      { tls: { ...SCAN, suites: [{ ...second, order }] }, ssh: null },
    ).map(({ message }) => message)
  expect(compare('client')).toEqual([])
  expect(compare('server')).toEqual([
    `the server has another order of suites: TLS1.2, ${one} ${other} before, ${other} ${one} now`,
  ])
})

test('every prime counts, in whatever order they are found', () => {
  const prime = (bits: number) => ({ version: 'TLS1.2', bits, group: null })
  const compare = (earlier: readonly number[], later: readonly number[]) =>
    compareScans(
      { tls: { ...SCAN, diffieHellman: earlier.map(prime) }, ssh: null },
      { tls: { ...SCAN, diffieHellman: later.map(prime) }, ssh: null },
    ).map(({ message }) => message)
  expect(compare([3072, 2048], [2048, 3072])).toEqual([])
  expect(compare([2048], [1024, 2048])).toEqual([
    'the server has another prime: TLS1.2, 2048 bits before, 1024, 2048 bits now',
  ])
})

test('several certificates of one type of key are compared together, in whatever order they are found', () => {
  const chain = (fingerprint: string) => ({
    certificates: [{ ...CERTIFICATE, fingerprint }],
    isInOrder: true,
    unreadable: [],
  })
  const compare = (earlier: readonly string[], later: readonly string[]) =>
    compareScans(
      { tls: { ...SCAN, chains: earlier.map(chain) }, ssh: null },
      { tls: { ...SCAN, chains: later.map(chain) }, ssh: null },
    ).map(({ message }) => message)
  expect(compare(['01', '02'], ['02', '01'])).toEqual([])
  expect(compare(['01', '02'], ['03', '02'])).toEqual([
    'the server has another certificate: rsa, 01, 02 before, 02, 03 now',
  ])
})

test('answers are compared as yes and no', () => {
  const features = { tickets: ACCEPTED }
  const later = { tls: { ...SCAN, features: { tickets: REFUSED } }, ssh: null }
  const findings = compareScans({ tls: { ...SCAN, features }, ssh: null }, later)
  expect(findings.map(({ message }) => message)).toEqual([
    'the server has another feature: tickets, yes before, no now',
  ])
})

test('a server that serves clients without TLS now is told as severe', () => {
  const compare = (earlier: ClearText['kind'], later: ClearText['kind']) =>
    compareScans(
      { ...before, clearText: { kind: earlier, said: '' } },
      { ...before, clearText: { kind: later, said: '' } },
    ).map(({ message, severity }) => [message, severity])
  expect(compare('refused', 'accepted')).toEqual([
    ['the server has another answer to clients without TLS: refused before, accepted now', 'high'],
  ])
  expect(compare('accepted', 'refused')).toEqual([
    [
      'the server has another answer to clients without TLS: accepted before, refused now',
      'medium',
    ],
  ])
  expect(compare('unknown', 'accepted')).toEqual([])
  const unlearnt = (earlier: ClearText['kind'], later: ClearText['kind']) =>
    compareWithBaseline(
      { ...before, clearText: { kind: earlier, said: '' } },
      { ...before, clearText: { kind: later, said: '' } },
    ).map(({ item, severity }) => `${severity} ${item.kind}`)
  expect(unlearnt('refused', 'unknown')).toEqual(['unknown answer to clients without TLS'])
  expect(unlearnt('unknown', 'unknown')).toEqual([])
  expect(unlearnt('refused', 'refused')).toEqual([])
})

test('protocols, orders of groups, authorities and named primes are told', () => {
  const group = SCAN.groups[0]!
  const [curves, primes] = [items('x25519', 'secp256r1'), items('ffdhe2048', 'ffdhe3072')]
  const base: TlsScan = {
    ...SCAN,
    protocols: { ...SCAN.protocols, items: ['h2'] },
    groups: [
      { ...group, version: 'TLS1.2', items: curves },
      { ...group, version: 'TLS1.2', items: primes },
    ],
    diffieHellman: [{ version: 'TLS1.2', bits: 2048, group: 'ffdhe2048' }],
    clientCertificate: { ...SCAN.clientCertificate, asked: ACCEPTED, authorities: ['CN=a'] },
  }
  const changed: TlsScan = {
    ...base,
    protocols: { ...SCAN.protocols, items: ['http/1.1'] },
    groups: [{ ...group, version: 'TLS1.2', items: curves.toReversed() }, base.groups[1]!],
    diffieHellman: [{ version: 'TLS1.2', bits: 2048, group: null }],
    clientCertificate: { ...base.clientCertificate, authorities: ['CN=b', 'CN=a'] },
    chains: [
      { ...SCAN.chains[0]!, certificates: [CERTIFICATE, { ...CERTIFICATE, fingerprint: 'cd' }] },
    ],
  }
  const compare = (earlier: TlsScan, later: TlsScan) =>
    compareScans({ tls: earlier, ssh: null }, { tls: later, ssh: null }).map(
      ({ message }) => message,
    )
  expect(compare(base, base)).toEqual([])
  expect(compare(base, changed).toSorted()).toEqual([
    'the server has another certificate of an authority: none before, cd now',
    'the server has another client certificate: authorities, CN=a before, CN=a, CN=b now',
    'the server has another order of groups: TLS1.2, x25519 secp256r1 before, secp256r1 x25519 now',
    'the server has another prime: TLS1.2, 2048 (ffdhe2048) bits before, 2048 bits now',
    'the server no longer accepts the protocol of ALPN h2',
    'the server now accepts the protocol of ALPN http/1.1',
  ])
  const cut = {
    ...changed,
    protocols: { ...SCAN.protocols, end: { answer: 'timed-out' } },
  } as const
  expect(compare(base, cut).filter((message) => message.includes('ALPN'))).toEqual([])
})

test('an answer that was not learnt before, or now, is no change', () => {
  const compare = (earlier: TlsScan, later: TlsScan) =>
    compareScans({ tls: earlier, ssh: null }, { tls: later, ssh: null }).map(
      ({ message }) => message,
    )
  const open = { answer: 'unknown', because: 'budget spent' } as const
  const known: TlsScan = {
    ...SCAN,
    features: { compression: { answer: 'not-offered' }, heartbeat: ACCEPTED },
    clientCertificate: { ...SCAN.clientCertificate, asked: ACCEPTED, required: REFUSED },
    diffieHellman: [{ version: 'TLS1.2', bits: 2048, group: null }],
  }
  const unknown: TlsScan = {
    ...SCAN,
    features: { compression: open, heartbeat: open },
    clientCertificate: { ...SCAN.clientCertificate, asked: open, required: open },
    suites: SCAN.suites.map((list) => ({ ...list, end: open })),
    chains: [],
  }
  expect(compare(unknown, known)).toEqual([])
  expect(compare(known, unknown)).toEqual([])
  const unlearnt = (earlier: TlsScan, later: TlsScan) =>
    compareWithBaseline({ tls: earlier, ssh: null }, { tls: later, ssh: null }).map(
      ({ severity, item }) => `${severity} ${item.kind}`,
    )
  const authority = 'certificate of an authority'
  const kinds = ['suite', 'certificate', authority, 'prime', 'feature', 'client certificate']
  expect(unlearnt(known, unknown).toSorted()).toEqual(
    kinds.map((kind) => `unknown ${kind}`).toSorted(),
  )
  expect(unlearnt(unknown, known)).toEqual([])
  expect(unlearnt(known, known)).toEqual([])
})
