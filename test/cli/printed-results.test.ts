/** Results as lines for people: of audits, of a host that has drifted, of preflights, of policies. */
import { describe, expect, test } from 'vitest'
import { findingLines } from '../../src/cli/audit-findings-text.ts'
import { printSsh } from '../../src/cli/audit-ssh-text.ts'
import { printScan } from '../../src/cli/audit-text.ts'
import { describeDrift, driftToJson } from '../../src/cli/drift-text.ts'
import { describePolicies } from '../../src/cli/policy-list-text.ts'
import {
  adviceOf,
  checkToJson,
  printChecks,
  printRates,
  rateToJson,
} from '../../src/cli/preflight-text.ts'
import { logReload } from '../../src/cli/reload-log.ts'
import type { LogFormat } from '../../src/cli/service-options.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import type { ReloadReport } from '../../src/tls/objects/reload-report.ts'

const ACCEPTED = { answer: 'accepted' } as const
const ABSENT = { answer: 'not-offered' } as const
const LATE = { answer: 'timed-out' } as const
const named = (...names: readonly string[]) => names.map((name) => ({ number: 1, name }))
/** What keeps lines for the test. */
function keepingTerminal(): { readonly lines: string[]; readonly terminal: Terminal } {
  const lines: string[] = []
  const terminal = {
    print: (line: string) => lines.push(line),
    printDiagnostic: ({ code }: { code: string }) => lines.push(code),
  }
  return { lines, terminal: terminal as unknown as Terminal }
}

const CERTIFICATE = {
  ...{ subject: 'CN=server', issuer: 'CN=CA', keyType: 'rsa', keyBits: 2048, names: ['a', 'b'] },
  ...{ notBefore: '2026-01-02T00:00:00Z', notAfter: '2027-01-02T00:00:00Z' },
  signatureAlgorithm: 'RSA-SHA256',
}

const TLS = {
  versions: [
    { name: 'TLS1.3', result: ACCEPTED },
    { name: 'SSL2', result: ABSENT },
  ],
  suites: [
    { version: 'TLS1.3', items: named('A', 'B'), order: 'server', end: ABSENT },
    { version: 'TLS1.2', items: named('C'), order: 'client', end: LATE },
  ],
  groups: [{ version: 'TLS1.3', items: named('x25519'), order: 'unknown', end: ABSENT }],
  diffieHellman: [
    { bits: 2048, group: 'ffdhe2048' },
    { bits: 1024, group: null },
  ],
  signatures: [{ version: 'TLS1.3', items: named('S'), order: 'unknown', end: ABSENT }],
  chains: [
    { certificates: [CERTIFICATE], isInOrder: true, unreadable: [] },
    {
      certificates: [
        { ...CERTIFICATE, subject: '', keyBits: null, names: [], signatureAlgorithm: null },
      ],
      ...{ isInOrder: false, unreadable: [2] },
    },
  ],
  clientCertificate: {
    asked: ACCEPTED,
    required: ABSENT,
    schemes: named('s1', 's2'),
    authorities: ['CN=CA'],
  },
  protocols: { items: ['h2', 'x'], end: ABSENT },
  features: { secureRenegotiation: ACCEPTED, heartbeat: ABSENT },
  ticketLifetime: 7200,
  ticketLifetimeHint: null,
}

const column = (name: string, value: string) => `  ${name.padEnd(22)} ${value}`

const scanOf = (more: object) =>
  printScan({
    target: { text: 'h:443', serverName: 'h' },
    ...{ connections: 7, tls: null, ssh: null, clearText: null },
    ...more,
  } as never)

describe('an audit', () => {
  test('of TLS', () => {
    expect(scanOf({ tls: TLS })).toEqual([
      ...['h:443 as h, 7 connections', '', 'Versions'],
      ...[column('TLS1.3', 'accepted'), column('SSL2', 'not offered')],
      ...['', "Suites of TLS1.3, server's order", '  A', '  B'],
      ...['', "Suites of TLS1.2, client's order", '  C', '  there may be more: timed out'],
      ...['', 'Groups of TLS1.3', '  x25519'],
      ...['', 'Primes of Diffie-Hellman', '  2048 bits, ffdhe2048', '  1024 bits, of its own'],
      ...['', 'Signatures in TLS1.3', '  S'],
      ...['', 'Chain of certificates', '  CN=server', '    key rsa 2048, signed with RSA-SHA256'],
      ...['    from 2026-01-02 to 2027-01-02', '    issuer CN=CA', '    names a, b'],
      ...[
        '',
        'Chain of certificates',
        '  (no subject)',
        '    key rsa, signed with what is unknown',
      ],
      ...['    from 2026-01-02 to 2027-01-02', '    issuer CN=CA'],
      ...['  not in the order of issue', '  certificate 2 cannot be read'],
      ...['', 'Certificate of the client', column('asked for', 'yes'), column('required', 'no')],
      ...[column('schemes', 's1, s2'), column('authority', 'CN=CA')],
      ...['', 'Protocols (ALPN)', column('accepted', 'h2, x')],
      ...[
        '',
        'Features',
        column('secureRenegotiation', 'accepted'),
        column('heartbeat', 'not offered'),
      ],
      column('ticket lifetime', '7200 s'),
    ])
  })

  test('has no lines of what was not found', () => {
    const empty = {
      ...{ versions: [], suites: [], groups: [], diffieHellman: [], signatures: [], chains: [] },
      clientCertificate: { asked: ABSENT, required: LATE, schemes: [], authorities: [] },
      ...{
        protocols: { items: [], end: ABSENT },
        features: {},
        ticketLifetime: null,
        ticketLifetimeHint: null,
      },
    }
    const clearText = { kind: 'refused', said: 'no' }
    const target = { text: 'h:443', serverName: null }
    expect(scanOf({ target, tls: empty, clearText })).toEqual([
      ...['h:443, 7 connections', '', 'Without TLS: refused (no)', '', 'Versions'],
      ...[
        '',
        'Certificate of the client',
        column('asked for', 'no'),
        column('required', 'timed out'),
      ],
      ...['', 'Protocols (ALPN)', column('accepted', 'not offered')],
    ])
  })

  test('of SSH', () => {
    expect(scanOf({})).toEqual(['h:443 as h, 7 connections'])
    const both = (...names: readonly string[]) => ({ toServer: names, toClient: names })
    const offer = {
      ...{ keyExchanges: ['kex'], hostKeyAlgorithms: ['alg'], markers: [] },
      ...{ ciphers: both('c'), macs: { toServer: ['m'], toClient: ['n'] }, compression: both() },
    }
    const scan = {
      ...{
        identification: 'SSH-2.0-x',
        offer,
        extensions: { names: ['e', 'f'], userSignatures: ['u'] },
        smallestPrime: 2048,
      },
      hostKeys: [
        { type: 'rsa', key: { bits: 3072, fingerprint: 'SHA256:x' } },
        { type: 'ed25519', key: { bits: null, fingerprint: 'SHA256:y' } },
        { type: 'dsa', key: ABSENT },
      ],
    }
    expect(printSsh(scan as never)).toEqual([
      ...['SSH-2.0-x', '', 'Key exchanges', '  kex', '', 'Host key algorithms', '  alg'],
      ...['', 'Ciphers', '  c', '', 'MACs to the server', '  m', '', 'MACs to the client', '  n'],
      ...[
        '',
        'User signature algorithms',
        '  u',
        '',
        'Host keys',
        column('rsa', '3072 SHA256:x'),
        column('ed25519', '? SHA256:y'),
      ],
      ...[column('dsa', 'not offered'), '', column('smallest prime', '2048 bits')],
      column('extensions', 'e, f'),
    ])
    const unknown = {
      identification: null,
      offer: LATE,
      extensions: LATE,
      smallestPrime: LATE,
      hostKeys: [],
    }
    expect(printSsh(unknown as never)).toEqual([
      ...[column('offer', 'timed out'), '', 'Host keys', '', column('smallest prime', 'timed out')],
      column('extensions', 'timed out'),
    ])
  })
})

describe('findings', () => {
  const finding = (name: string, more: object = {}) => ({
    ...{
      severity: 'high',
      code: 'CODE',
      message: `${name} is weak`,
      remedy: 'mend it',
      verdict: 'forbidden',
    },
    ...{ item: { kind: 'suite', name, version: 'TLS1.2' }, evidence: ['suites TLS1.2'] },
    reasons: [
      { text: 'the line', place: 'file:3' },
      { text: 'usual', place: null },
    ],
    ...more,
  })
  const lines = (...findings: readonly object[]) => findingLines(findings as never, ['a policy'])

  test('that are alike are told once, with the lines that say so and the remedy', () => {
    expect(
      lines(
        finding('A'),
        finding('B'),
        finding('C', { severity: 'unknown', reasons: [], evidence: [] }),
      ),
    ).toEqual([
      { text: 'Against a policy' },
      { text: '  high     A is weak (CODE)', color: 'red' },
      { text: '           also: B', color: 'red' },
      { text: '           file:3: the line' },
      { text: '           usual' },
      { text: '           shown by suites TLS1.2' },
      { text: '  unknown  C is weak (CODE)', color: 'magenta' },
      ...['', 'What to do', '  CODE', '    mend it'].map((text) => ({ text })),
    ])
  })

  test('that are none, or only tell, ask for nothing', () => {
    expect(lines()).toEqual([{ text: 'Against a policy' }, { text: '  no findings' }])
    const absent = { severity: 'info', verdict: 'absent' }
    const changed = {
      severity: 'info',
      verdict: 'changed',
      code: 'GONE',
      item: { kind: 'version', name: 'D', version: null },
    }
    expect(lines(finding('A', absent), finding('B', absent), finding('D', changed))).toEqual([
      { text: 'Against a policy' },
      { text: '  info     allowed, absent: suite in TLS1.2 (CODE) A, B', color: 'dim' },
      { text: '  info     no longer accepted: version (GONE) D', color: 'dim' },
    ])
  })

  test.each([
    ['critical', 'red'],
    ['medium', 'yellow'],
    ['low', 'cyan'],
  ])('of severity %s are %s', (severity, color) => {
    expect(lines(finding('A', { severity }))[1]).toMatchObject({ color })
  })
})

describe('drift', () => {
  const drift = (more: object) =>
    ({ file: '/etc/a', kind: 'differs', cause: 'hand-edit', because: [], ...more }) as never

  test('is told with its place, its cause and both texts', () => {
    const both = {
      line: 3,
      expected: 'x'.repeat(100),
      found: 'y'.repeat(101),
      because: ['a.pol', 'b'],
    }
    expect(describeDrift(drift(both))).toEqual([
      '/etc/a:3: differs: it was changed by hand after it was written (a.pol, b)',
      `  expected: ${'x'.repeat(100)}`,
      `  found:    ${'y'.repeat(100)}...`,
    ])
    expect(describeDrift(drift({ found: 'y' }))).toEqual([
      ...[
        '/etc/a: differs: it was changed by hand after it was written',
        '  expected:',
        '  found:    y',
      ],
    ])
  })

  test.each([
    [{ kind: 'missing' }, '/etc/a: is missing: it was removed after it was written'],
    [{ kind: 'missing', cause: 'unknown' }, '/etc/a: is missing: this program has not written it'],
    [
      { kind: 'missing', cause: 'drop-in' },
      '/etc/a: is missing: a drop-in was added, changed or removed',
    ],
    [
      { kind: 'unexpected', cause: 'unknown' },
      '/etc/a: does not belong here: it was not written by this program',
    ],
    [
      { kind: 'unreadable', cause: 'hand-edit' },
      '/etc/a: is no file that programs could read: it was changed by hand after it was written',
    ],
  ])('%j has one line', (more, line) => {
    expect(describeDrift(drift({ expected: 'x', found: 'y', ...more }))).toEqual([line])
  })

  test('as data has null for what is not told', () => {
    expect(driftToJson(drift({}))).toEqual({
      ...{ file: '/etc/a', kind: 'differs', cause: 'hand-edit', because: [] },
      ...{ line: null, expected: null, found: null },
    })
    expect(driftToJson(drift({ line: 1, expected: '', found: 'y' }))).toMatchObject({
      line: 1,
      expected: '',
      found: 'y',
    })
  })
})

test('policies are listed by their folders, with what is in force', () => {
  const found = (folder: string, ...names: readonly string[]) =>
    names.map((name) => ({ name, path: `${folder}/${name}.pol` }))
  const policies = [...found('/usr', 'DEFAULT', 'FIPS'), ...found('/etc', 'MINE')]
  const all = { policies, modules: [], configured: 'DEFAULT', inForce: undefined }
  expect(describePolicies(all as never)).toEqual([
    ...['policies in /etc:', '  MINE', 'policies in /usr:', '  DEFAULT', '  FIPS'],
    ...['configured: DEFAULT', 'in force: nothing yet'],
  ])
  expect(describePolicies({ ...all, policies: [], inForce: 'FIPS' } as never)).toEqual([
    ...['configured: DEFAULT', 'in force: FIPS'],
  ])
})

describe('a preflight', () => {
  const rate = {
    channels: 2,
    suite: undefined,
    bytes: 3_000_000,
    seconds: 2,
    cpu: { here: 1.234, there: 5 },
  }

  test('has a line for each check, and below it what is wrong', () => {
    const { lines, terminal } = keepingTerminal()
    const checks = [
      { name: 'reach', outcome: 'passed', found: 'yes', diagnostics: [] },
      { name: 'TLS', outcome: 'failed', found: 'no', diagnostics: [{ code: 'X' }] },
      { name: 'name', outcome: 'warning', found: 'a', diagnostics: [] },
      { name: 'rate', outcome: 'not checked', found: 'b', diagnostics: [] },
    ]
    printChecks(checks as never, terminal)
    expect(lines.map((line) => line.replace(/ +/g, ' ').trim())).toEqual([
      ...['ok reach yes', 'FAILED TLS no', 'X', 'warning name a', '- rate b'],
    ])
    expect(checkToJson(checks[0] as never)).toEqual({
      ...{ name: 'reach', outcome: 'passed', found: 'yes', values: [], findings: [] },
    })
  })

  test('tells the rates', () => {
    const { lines, terminal } = keepingTerminal()
    printRates([rate, { ...rate, suite: 'S' }] as never, terminal)
    expect(lines.map((line) => line.replace(/ {2,}/g, ' | ').trim())).toEqual([
      'channels | TLS | a second | CPU s/GiB here | there',
      ...['2 | none | 1.4 MiB | 1.23 | 5.00', '2 | S | 1.4 MiB | 1.23 | 5.00'],
    ])
    expect(rateToJson(rate as never)).toEqual({
      ...{ channels: 2, suite: null, bytes: 3_000_000, seconds: 2, bytesPerSecond: 1_500_000 },
      cpuSecondsPerGib: { here: 1.234, there: 5 },
    })
    expect([adviceOf(1), adviceOf(4)]).toEqual([
      'one channel is as fast as several: leave multifd off',
      'give QEMU multifd and multifd-channels=4',
    ])
  })
})

describe('a reload', () => {
  const told = (report: object, options: object, log: LogFormat) => {
    const lines: string[] = []
    const keep = (line: string) => lines.push(line)
    const terminal = {
      ...{ options, note: keep, warn: (line: string) => keep(JSON.parse(line).event) },
      report: ({ code }: { code: string }) => keep(code),
    }
    logReload(report as ReloadReport, { log }, terminal as unknown as Terminal)
    return lines
  }
  const done = { objects: [], diagnostics: [] }
  const refused = {
    objects: [
      { id: 'tls0', type: 'tls-creds-x509', outcome: 'refused', diagnostics: [{ code: 'BROKEN' }] },
    ],
    diagnostics: [],
  }
  const ofPolicy = { objects: [], diagnostics: [{ code: 'FILE_MISSING' }] }

  test('in words says what is refused, and that the policy before it stays', () => {
    expect(told(done, {}, 'text')).toEqual([])
    expect(told(ofPolicy, {}, 'text')).toEqual(['FILE_MISSING', 'the old policy stays'])
    expect(told(refused, {}, 'text')).toEqual([expect.stringContaining('tls0'), 'BROKEN'])
  })

  test('as JSON is told each time, under --quiet where something is refused', () => {
    const wordy = { severity: 'error', message: '', fault: 'input' }
    const withWords = (report: typeof refused) =>
      JSON.parse(JSON.stringify(report), (_, value) =>
        value?.code === undefined ? value : { ...wordy, ...value },
      )
    for (const report of [done, refused, ofPolicy] as (typeof refused)[]) {
      expect(told(withWords(report), { quiet: false }, 'json')).toEqual(['reloaded'])
      const isTold = report !== done
      expect(told(withWords(report), { quiet: true }, 'json').length).toBe(isTold ? 1 : 0)
    }
  })
})
