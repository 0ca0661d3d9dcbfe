/** Whole scans of servers whose behaviour is a table: each part is asked for where it can be known, and told as it is. */
import { describe, expect, test } from 'vitest'
import type { Failure } from '../../../src/audit/connection/failure.ts'
import type { Transport } from '../../../src/audit/connection/transport.ts'
import type { Answer, TlsScan } from '../../../src/audit/model.ts'
import { describeTarget, scan } from '../../../src/audit/scan/scan.ts'
import { scanTls } from '../../../src/audit/scan/scan-tls.ts'
import { refusal } from '../../diagnostic-code.ts'
import { transportOf } from '../../fuzz/keyed-server.ts'
import { ACCEPTED, CLOSED, NO_VERSION, NOT_OFFERED, NOT_SEEN, REFUSED } from '../answers.ts'
import type { Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'

const [TLS13, TLS12, TLS11, TLS10, SSL3] = [0x0304, 0x0303, 0x0302, 0x0301, 0x0300]

const NOT_COMPUTABLE: Answer = {
  answer: 'unknown',
  because: 'the server accepts no group and suite of TLS 1.3 that Node.js can compute with',
}

const EVERYTHING: Script = {
  versions: [TLS13, TLS12, TLS11, TLS10, SSL3],
  suites: [0x1301, 0xc02f, 0xc013, 0x009e, 0x002f],
  suitesOf: {
    ...{ [TLS11]: [0xc013, 0x002f], [TLS10]: [0xc013, 0x002f], [SSL3]: [0x002f] },
  },
  ...{ groups: [29, 23], namedPrimes: [0x100], schemes: [0x0804, 0x0403] },
  ...{ extensions: [0xff01, 23, 35], ticket: { lifetimeHint: 300, ticket: Buffer.alloc(40, 1) } },
  ...{ namesSessions: true, resumes: { byId: true, byTicket: true }, renegotiation: 'accept' },
  ...{ heedsFallback: true, hasDowngradeMark: true, protocols: ['h2'], sslv2: [0x0700c0] },
  ...{ behind: ['ticket', 'echo'], pskModes: [1] },
}
const ONLY12: Script = {
  ...{ versions: [TLS12], suites: [0xc02f], groups: [29], schemes: [0x0804] },
}

const named = (number: number, name: string) => ({ number, name })
const scanOf = (script: Script) => scanTls(scripted(script).server)

const CURVES = [named(29, 'x25519'), named(23, 'secp256r1')]
const SCHEMES = [named(0x0804, 'rsa_pss_rsae_sha256'), named(0x0403, 'ecdsa_secp256r1_sha256')]
const AES_CBC = named(0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA')
const ECDHE_CBC = named(0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA')

test('everything of a server that has everything', async () => {
  const older = { items: [ECDHE_CBC, AES_CBC], order: 'server', end: REFUSED }
  const found: TlsScan = await scanOf(EVERYTHING)
  expect(found).toEqual({
    versions: [
      ['TLS1.3', TLS13] as const,
      ...[['TLS1.2', TLS12] as const, ['TLS1.1', TLS11] as const, ['TLS1.0', TLS10] as const],
      ...[['SSL3.0', SSL3] as const, ['SSL2.0', 2] as const],
    ].map(([name, number]) => ({ name, number, result: ACCEPTED })),
    suites: [
      {
        ...{ version: 'TLS1.3', order: 'unknown', end: REFUSED },
        items: [named(0x1301, 'TLS_AES_128_GCM_SHA256')],
      },
      {
        ...{ version: 'TLS1.2', order: 'server', end: REFUSED },
        items: [
          ...[named(0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'), ECDHE_CBC],
          ...[named(0x009e, 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'), AES_CBC],
        ],
      },
      ...['TLS1.1', 'TLS1.0'].map((version) => ({ version, ...older })),
      { version: 'SSL3.0', items: [AES_CBC], order: 'unknown', end: REFUSED },
      {
        ...{ version: 'SSL2.0', order: 'client', end: NOT_OFFERED },
        items: [named(0x0700c0, 'SSL_CK_DES_192_EDE3_CBC_WITH_MD5')],
      },
    ],
    groups: [
      { version: 'TLS1.3', items: CURVES, order: 'server', end: REFUSED },
      { version: 'TLS1.2', items: CURVES, order: 'server', end: REFUSED },
      { version: 'TLS1.2', items: [named(0x100, 'ffdhe2048')], order: 'unknown', end: REFUSED },
    ],
    diffieHellman: [{ version: 'TLS1.2', bits: 2048, group: 'ffdhe2048' }],
    signatures: ['TLS1.3', 'TLS1.2'].map((version) => ({
      ...{ version, items: SCHEMES, order: 'unknown', end: REFUSED },
    })),
    clientCertificate: {
      ...{ asked: NOT_OFFERED, required: NOT_OFFERED, schemes: [], types: [], authorities: [] },
    },
    chains: [{ certificates: [], isInOrder: true, unreadable: [0] }],
    protocols: { items: ['h2'], order: 'unknown', end: NOT_OFFERED },
    ...{ ticketLifetime: 7200, ticketLifetimeHint: 300 },
    features: {
      ...{
        extendedMasterSecret: ACCEPTED,
        encryptThenMac: NOT_OFFERED,
        secureRenegotiation: ACCEPTED,
      },
      ...{ sessionTickets: ACCEPTED, sessionIds: ACCEPTED, compression: NOT_OFFERED },
      ...{
        heartbeat: NOT_OFFERED,
        downgradeMark: ACCEPTED,
        tickets13: ACCEPTED,
        pskDheKe: ACCEPTED,
      },
      ...{ pskKe: NOT_OFFERED, earlyData: NOT_OFFERED, ticketResumption: ACCEPTED },
      ...{ sessionIdResumption: ACCEPTED, clientRenegotiation: ACCEPTED, unknownValues: ACCEPTED },
      ...{ unknownVersion: ACCEPTED, fallbackSignal: ACCEPTED, largeHellos: ACCEPTED },
    },
  })
})

test('nothing of a server that refuses everything', async () => {
  const found = await scanOf({ ...ONLY12, quirk: () => ({ alert: 40 }) })
  expect(found).toEqual({
    versions: [TLS13, TLS12, TLS11, TLS10, SSL3, 2].map((number) => ({
      ...{ name: expect.any(String), number, result: number === 2 ? CLOSED : REFUSED },
    })),
    ...{ suites: [], groups: [], diffieHellman: [], signatures: [], chains: [] },
    clientCertificate: {
      ...{ asked: NOT_SEEN, required: NOT_SEEN, schemes: [], types: [], authorities: [] },
    },
    protocols: { items: [], order: 'unknown', end: NOT_SEEN },
    ...{ ticketLifetime: null, ticketLifetimeHint: null, features: { largeHellos: NOT_SEEN } },
  })
})

test('versions that are not there are told apart from those that are refused', async () => {
  const found = await scanOf({ ...ONLY12, versions: [TLS11], suites: [0xc013, 0x0033] })
  expect(found.versions.map(({ result }) => result)).toEqual([
    // No suite of TLS 1.3 is one of TLS 1.1.
    ...[REFUSED, NOT_OFFERED, ACCEPTED, NO_VERSION, NO_VERSION, CLOSED],
  ])
})

describe('what there is to be asked', () => {
  const versionsOf = (lists: readonly { readonly version: string }[]) =>
    lists.map(({ version }) => version)
  const OWN = Buffer.concat([Buffer.alloc(127, 0xff), Buffer.of(0xfb)])

  test.each<[string, Partial<Script>, readonly string[], readonly string[], number]>([
    ['SSLv2 alone has no groups', { versions: [], sslv2: [0x010080] }, [], [], 0],
    ['SSL 3.0 alone has no groups', { versions: [SSL3], suites: [0x002f] }, [], [], 0],
    ['TLS 1.1 names no schemes', { versions: [TLS11], suites: [0xc013] }, ['TLS1.1'], [], 0],
    ['RSA signs nothing', { suites: [0x009c] }, [], [], 0],
    ['a prime without a name is no group', { suites: [0x009e], ownPrime: OWN }, [], ['TLS1.2'], 1],
    ['a named prime is one', { suites: [0x009e], namedPrimes: [0x100] }, ['TLS1.2'], ['TLS1.2'], 1],
    [
      'the newest older version is asked',
      { versions: [TLS13, TLS12, TLS11], suites: [0x1301, 0xc02f, 0xc013] },
      ['TLS1.3', 'TLS1.2'],
      ['TLS1.3', 'TLS1.2'],
      0,
    ],
    [
      'the newest older version is one that is accepted',
      { versions: [TLS12, TLS11], suitesOf: { [TLS12]: [], [TLS11]: [0xc013] } },
      ['TLS1.1'],
      [],
      0,
    ],
  ])('%s', async (_, script, groups, signatures, primes) => {
    const found = await scanOf({ ...ONLY12, ...script })
    expect(versionsOf(found.groups)).toEqual(groups)
    expect(versionsOf(found.signatures)).toEqual(signatures)
    expect(found.diffieHellman).toHaveLength(primes)
    expect(found.features.largeHellos).toEqual(ACCEPTED)
  })

  test('groups that were not learnt are told as such', async () => {
    const found = await scanOf({
      ...{ ...ONLY12, suites: [0x009e], namedPrimes: [0x100] },
      quirk: ({ claim }) => (/no named primes/.test(claim) ? { alert: 80 } : undefined),
    })
    expect(found.groups).toMatchObject([
      { version: 'TLS1.2', items: [{ name: 'ffdhe2048' }], end: { answer: 'unknown' } },
    ])
  })

  test('of a group that is not computed with, only what is in clear is known', async () => {
    const audit = scripted({
      ...{ ...ONLY12, versions: [TLS13, TLS12], suites: [0x1301, 0x009c], groups: [0x639a] },
      protocols: ['h2'],
    })
    const found = await scanTls(audit.server)
    expect(found.groups.map(({ items }) => items)).toEqual([
      [named(0x639a, 'SecP256r1Kyber768Draft00')],
    ])
    expect(found.signatures).toEqual([
      { version: 'TLS1.3', items: [], order: 'unknown', end: NOT_COMPUTABLE },
    ])
    expect(found.protocols).toMatchObject({ items: ['h2'] })
    expect(found.ticketLifetime).toBeNull()
    expect(found.features).toMatchObject({ tickets13: NOT_SEEN, pskDheKe: NOT_SEEN })
    const asked = audit.heard.filter(({ claim }) => claim.startsWith('ALPN'))
    expect(asked.map(({ hello }) => hello.suites)).toEqual([[0x009c], [0x009c]])
  })

  test('protocols are asked for in the newest version', async () => {
    const offered = async (script: Script) => {
      const audit = scripted(script)
      await scanTls(audit.server)
      const asked = audit.heard.filter(({ claim }) => claim.startsWith('ALPN'))
      return asked.map(({ hello }) => hello.suites)
    }
    const both = { ...ONLY12, versions: [TLS13, TLS12], suites: [0x1301, 0xc02f] }
    // The first question is answered by the handshake that was finished.
    expect(await offered({ ...both, protocols: ['h2'] })).toEqual([[0x1301]])
    expect(await offered(both)).toEqual([])
    expect(await offered(ONLY12)).toEqual([[0xc02f]])
    expect(await offered({ ...ONLY12, versions: [SSL3], suites: [0x002f] })).toEqual([])
  })
})

describe('a server that closes at messages above 255 bytes', () => {
  const small: Script['quirk'] = ({ size }) => (size > 255 ? 'close' : undefined)

  test('is asked everything by small ones', async () => {
    const audit = scripted({
      ...{ ...ONLY12, versions: [TLS13, TLS12], suites: [0x1301, 0xc02f], protocols: ['h2'] },
      quirk: small,
    })
    const found = await scanTls(audit.server)
    expect(found.features).toMatchObject({ largeHellos: CLOSED, extendedMasterSecret: NOT_OFFERED })
    expect(found.suites.map(({ items }) => items.map(({ number }) => number))).toEqual([
      ...[[0x1301], [0xc02f]],
    ])
    expect(found.protocols).toMatchObject({ items: ['h2'] })
    const asked = audit.heard.filter(({ claim }) => claim.includes('small'))
    expect(asked.length).toBeGreaterThan(20)
    expect(asked.every(({ claim }) => /small( one)?(, control.*)?$/.test(claim))).toBe(true)
    // In the older version there is more room for names.
    const names = asked.filter(({ claim }) => claim.startsWith('ALPN'))
    expect(new Set(names.flatMap(({ hello }) => hello.suites))).toEqual(new Set([0xc02f]))
  })

  test('shows as much as by large ones', async () => {
    const found = await scanOf({ ...EVERYTHING, versions: [TLS13, TLS12, TLS11], quirk: small })
    const items = (lists: readonly { readonly items: readonly { readonly number: number }[] }[]) =>
      lists.map((list) => list.items.map(({ number }) => number).toSorted((a, b) => a - b))
    expect(items(found.suites)).toEqual([
      ...[[0x1301], [0x002f, 0x009e, 0xc013, 0xc02f], [0x002f, 0xc013], [0x0700c0]],
    ])
    expect(items(found.groups)).toEqual([[23, 29], [23, 29], [0x100]])
    expect(items(found.signatures)).toEqual([
      [0x0403, 0x0804],
      [0x0403, 0x0804],
    ])
    expect(found.diffieHellman).toEqual([{ version: 'TLS1.2', bits: 2048, group: 'ffdhe2048' }])
    const ends = [...found.suites.slice(0, 3), ...found.groups, ...found.signatures]
    expect(ends.map(({ end }) => end)).toEqual(Array<Answer>(8).fill(REFUSED))
  })

  test('is told the first request of its protocol there too', async () => {
    const { server } = scripted(
      {
        ...{ ...ONLY12, versions: [TLS13], suites: [0x1301], quirk: small },
        request: { context: Buffer.alloc(0), types: [], schemes: [], authorities: [] },
      },
      { firstRequest: Buffer.from('x') },
    )
    expect((await scanTls(server)).clientCertificate).toMatchObject({
      ...{ asked: ACCEPTED, required: NOT_OFFERED },
    })
  })
})

describe('a target', () => {
  const target = (scheme: string, serverName?: string) => ({
    ...{ text: 'what the user wrote', scheme, serverName },
    address: { kind: 'tcp', host: '192.0.2.1', port: 25 } as const,
  })
  const sourceOf = (open: () => Transport | Failure) => ({
    ...{ connections: 7, open: async () => open() },
  })
  const options = (open: () => Transport | Failure) => ({
    ...{ source: sourceOf(open), seed: Buffer.alloc(32) },
  })

  test('is described', () => {
    expect(describeTarget(target('smtp', 'host.example'))).toEqual({
      ...{ text: 'what the user wrote', protocol: 'smtp', address: '192.0.2.1:25' },
      serverName: 'host.example',
    })
    expect(describeTarget(target('smtp')).serverName).toBeNull()
  })

  test.each<[Failure, string]>([
    [{ failure: 'unreachable', reason: 'nothing listens' }, 'nothing listens'],
    [{ failure: 'timed-out' }, 'it does not answer'],
  ])('without any connection (%j) is an error', async (failure, reason) => {
    for (const scheme of ['tls', 'smtp', 'ssh']) {
      const result = scan(
        target(scheme),
        options(() => failure),
      )
      await expect(result).rejects.toThrow(refusal('AUDIT_UNREACHABLE'))
      await expect(result).rejects.toThrow(reason)
    }
  })

  test('that was reached once has a report', async () => {
    let count = 0
    const result = await scan(
      target('tls'),
      options(() =>
        count++ === 3 ? transportOf([]) : { failure: 'unreachable', reason: 'nothing listens' },
      ),
    )
    expect(result).toMatchObject({ connections: 7, ssh: null, clearText: null })
    expect(result.tls?.suites).toEqual([])
  })

  const say = (...lines: readonly string[]) =>
    transportOf(lines.map((line) => () => [Buffer.from(`${line}\r\n`)]))

  test('that begins no TLS says why in every version', async () => {
    const result = await scan(
      target('smtp', 'host.example'),
      options(() => say('220 ready', '250 host', '530 first STARTTLS')),
    )
    const because = 'the server begins no TLS: the server does not offer STARTTLS'
    const results = result.tls?.versions.map(({ result: answer }) => answer)
    expect(results).toEqual(Array<Answer>(6).fill({ answer: 'unknown', because }))
    // One that has no TLS does not wait for it.
    expect(result.clearText).toEqual({ kind: 'unknown', said: '530 first STARTTLS' })
  })

  test('of which the words in clear are not known says so', async () => {
    const result = await scan(
      target('smtp'),
      options(() => say()),
    )
    expect(result.clearText).toEqual({ kind: 'unknown', said: 'no answer: closed' })
  })

  test.each([
    ['host.example', 'host.example'],
    [undefined, '192.0.2.1'],
  ])('with the server name %s is called %s in clear', async (serverName, host) => {
    const sent: Buffer[] = []
    await scan(
      target('xmpp', serverName),
      options(() => {
        const transport = say('<stream:stream>')
        const send = (bytes: Buffer) => {
          sent.push(bytes)
          transport.send(bytes)
        }
        return { ...transport, send }
      }),
    )
    expect(String(Buffer.concat(sent))).toContain(`to='${host}'`)
  })

  test('of SSH is asked by SSH', async () => {
    const result = await scan(
      target('ssh'),
      options(() => say('SSH-2.0-test')),
    )
    expect(result).toMatchObject({ tls: null, clearText: null })
    expect(result.ssh).not.toBeNull()
  })
})
