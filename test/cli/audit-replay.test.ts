/** `cryptopolicy audit` with evidence, held against a policy, and what is made of its files. */
import { once } from 'node:events'
import {
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ScanResult } from '../../src/audit/scan-result.ts'
import type { YardstickOptions } from '../../src/cli/audit-options.ts'
import { loadYardsticks, refuseIdleOptions } from '../../src/cli/audit-yardsticks.ts'
import { Terminal } from '../../src/cli/terminal.ts'
import { keyFiles } from '../interop/audit/audited-server.ts'
import { hostKey, scratchFolder, startSshd } from '../interop/audit/ssh-server.ts'
import { startPeer } from '../interop/tls-peer.ts'
import { testWith } from '../peers/peer.ts'
import { run } from './command.ts'
import { runInProcess, runInterrupted } from './in-process.ts'
import { resultOf } from './json-output.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'audit-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Audits with evidence, then from it; gives both outputs. */
async function auditTwice(target: string, ...options: readonly string[]) {
  const evidence = join(folder(), 'evidence.jsonl')
  const first = await runInProcess([
    'audit',
    target,
    '--timeout',
    '60',
    '--evidence',
    evidence,
    ...options,
  ])
  expect(statSync(evidence).mode & 0o777).toBe(0o600)
  const again = await runInProcess(['audit', 'replay', evidence, ...options])
  return { first, again }
}

testWith('openssl', 'a report from evidence is the report, byte for byte', async () => {
  const [rsa] = keyFiles(['rsa-2048'])
  const port = await startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet'],
    ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
  ])
  const { first, again } = await auditTwice(
    `localhost:${port}`,
    ...['--policy', 'FUTURE', '--as', 'openssl'],
  )
  expect(first.stdout).toContain('AUDIT_KEY_TOO_SMALL')
  expect(first.status).toBe(1)
  expect(again).toEqual(first)
})

testWith('openssl', 'each finding names questions that the evidence holds', async () => {
  const [rsa] = keyFiles(['rsa-2048'])
  const port = await startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-verify', '1'],
    ...['-cipher', 'ALL:@SECLEVEL=0', '-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
  ])
  const path = join(folder(), 'evidence.jsonl')
  const audit = ['audit', `localhost:${port}`, '--timeout', '60', '--evidence', path, '--json']
  const yardstick = ['--policy', 'FUTURE', '--client-certificate']
  const { findings } = resultOf((await runInProcess([...audit, ...yardstick])).stdout)
  const [, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const claims = lines.map((line): string => JSON.parse(line).claim)
  const named: string[] = findings.flatMap(({ evidence }: { evidence: string[] }) => evidence)
  const isHeld = (question: string) => claims.some((claim) => claim.startsWith(question))
  expect(named.filter((question) => !isHeld(question))).toEqual([])
  const codes: string[] = findings.map(({ code }: { code: string }) => code)
  expect(codes).toEqual(
    expect.arrayContaining([
      ...['AUDIT_KEY_TOO_SMALL', 'AUDIT_DH_TOO_SMALL', 'AUDIT_GROUP_ABSENT'],
      ...['AUDIT_CLIENT_SIGNATURE_FORBIDDEN', 'AUDIT_SUITE_FORBIDDEN', 'AUDIT_VERSION_FORBIDDEN'],
      'AUDIT_CLIENT_CERTIFICATE_NOT_REQUIRED',
    ]),
  )
})

testWith('sshd', 'so do the findings of an SSH server', async () => {
  const keys = scratchFolder()
  const lines = [hostKey(keys, 'ed25519'), hostKey(keys, 'rsa', 2048)].map(
    (key) => `HostKey ${key}`,
  )
  for (const shown of [lines, lines.slice(1)]) {
    const { port } = await startSshd(shown)
    const path = join(folder(), 'evidence.jsonl')
    const target = `ssh://127.0.0.1:${port}`
    const { stdout } = await runInProcess([
      ...['audit', target, '--timeout', '60', '--policy', 'FUTURE', '--evidence', path, '--json'],
    ])
    const { findings } = resultOf(stdout)
    const [, ...questions] = readFileSync(path, 'utf8').trimEnd().split('\n')
    const claims = questions.map((line): string => JSON.parse(line).claim)
    const codes: string[] = findings.map(({ code }: { code: string }) => code)
    expect(codes).toEqual(expect.arrayContaining(['AUDIT_SSH_KEY_TOO_SMALL', 'AUDIT_DH_TOO_SMALL']))
    const named: string[] = findings.flatMap(({ evidence }: { evidence: string[] }) => evidence)
    expect(named.filter((question) => !claims.includes(question))).toEqual([])
  }
})

testWith('sshd', 'the same of an SSH server; another key of it is a change', async () => {
  const keys = scratchFolder()
  const [rsa, small] = [hostKey(keys, 'rsa', 3072), hostKey(keys, 'rsa', 2048)]
  const lines = ['KexAlgorithms curve25519-sha256,diffie-hellman-group-exchange-sha256']
  const { port } = await startSshd([...lines, `HostKey ${rsa}`])
  const { first, again } = await auditTwice(`ssh://127.0.0.1:${port}`, '--policy', 'DEFAULT')
  expect(first.stdout).toMatch(/ssh-rsa +3072 SHA256:/)
  expect(again).toEqual(first)
  const earlier = join(keys, 'earlier.json')
  const json = await runInProcess(['audit', `ssh://127.0.0.1:${port}`, '--json'])
  expect(resultOf(json.stdout).ssh.smallestPrime).toBe(2048)
  writeFileSync(earlier, json.stdout)
  const other = await startSshd([...lines, `HostKey ${small}`])
  const options = ['--baseline', earlier, '--jsonl']
  const { stdout, status } = await runInProcess([
    'audit',
    `ssh://127.0.0.1:${other.port}`,
    ...options,
  ])
  const { findings } = JSON.parse(stdout)
  expect(
    findings.map(
      ({ code, item }: { code: string; item: { kind: string } }) => `${code} ${item.kind}`,
    ),
  ).toEqual(['AUDIT_CHANGED host key'])
  expect(status).toBe(1)
})

testWith(
  'openssl',
  'a server that has fallen silent is not as it was in an earlier scan',
  async () => {
    const [rsa] = keyFiles(['rsa-2048'])
    const port = await startPeer('openssl', (free) => [
      ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet'],
      ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
    ])
    const earlier = join(folder(), 'earlier.json')
    const { stdout } = await runInProcess(['audit', `127.0.0.1:${port}`, '--json'])
    writeFileSync(earlier, stdout)
    const silent = createServer((client) => client.on('error', () => {})).listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await once(silent, 'listening')
    const target = `127.0.0.1:${(silent.address() as AddressInfo).port}`
    const options = ['--timeout', '1', '--baseline', earlier, '--fail-on', 'unknown', '--json']
    const later = await runInProcess(['audit', target, ...options])
    const kinds = resultOf(later.stdout).findings.map(
      ({ code, item }: { code: string; item: { kind: string } }) => `${code} ${item.kind}`,
    )
    expect(kinds).toContain('AUDIT_UNKNOWN version')
    expect(kinds).toContain('AUDIT_UNKNOWN suite')
    expect(later.status).toBe(1)
  },
)

testWith('openssl', 'evidence whose questions were put in another order is refused', async () => {
  const [rsa] = keyFiles(['rsa-2048'])
  const port = await startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-tls1_3'],
    ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
  ])
  const path = join(folder(), 'evidence.jsonl')
  await runInProcess(['audit', `localhost:${port}`, '--timeout', '60', '--evidence', path])
  const [header = '', ...questions] = readFileSync(path, 'utf8').trimEnd().split('\n')
  writeFileSync(path, [header, ...questions.toReversed()].join('\n'))
  const { status, stderr } = run('cryptopolicy', ['audit', 'replay', path])
  expect([status, stderr]).toEqual([65, expect.stringContaining('AUDIT_BAD_FILE')])
})

test('evidence that cannot be written is refused before a server is asked', async () => {
  const scratch = folder()
  const link = join(scratch, 'link')
  symlinkSync('/dev/null', link)
  for (const path of [link, scratch, join(scratch, 'none', 'file'), '/dev/null']) {
    const { status, stderr } = await runInProcess(['audit', 'host.invalid:1', '--evidence', path])
    expect([status, stderr]).toEqual([73, expect.stringContaining('[FILE_UNWRITABLE]')])
  }
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
})

const REFUSED = { answer: 'refused' }

/** A scan as `audit --json` prints it, of a server with these suites in its own order. */
function scanWith(...names: readonly string[]) {
  const items = names.map((name) => ({ number: 0, name }))
  const lists = { versions: [], groups: [], signatures: [], chains: [], diffieHellman: [] }
  const suites = [{ version: 'TLS1.2', items, order: 'server', end: REFUSED }]
  return {
    tls: {
      ...{ ...lists, suites, features: {} },
      clientCertificate: { asked: REFUSED, required: REFUSED },
    },
  }
}

test('names of a megabyte, and very many of them, are compared and printed', async () => {
  const [a, b] = [join(folder(), 'a.json'), join(folder(), 'b.json')]
  const names = Array.from({ length: 50_000 }, (_, at) => `SUITE_${at}`)
  writeFileSync(a, JSON.stringify(scanWith(...names)))
  writeFileSync(b, JSON.stringify(scanWith(...names.toReversed(), 'x'.repeat(2 ** 20))))
  const { status, stdout } = await runInProcess(['audit', 'diff', a, b])
  expect(status).toBe(1)
  expect(new Set(stdout.match(/AUDIT_[A-Z]+/g))).toEqual(new Set(['AUDIT_ADDED', 'AUDIT_CHANGED']))
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
})

test('what is no scan and no evidence is refused before a server is asked', async () => {
  const path = join(folder(), 'file.json')
  writeFileSync(path, '{}')
  for (const args of [
    ['replay', path],
    ['diff', path, path],
    ['127.0.0.1:1', '--baseline', path],
  ]) {
    const { stderr, status } = await runInProcess(['audit', ...args])
    expect(stderr).toContain('error[AUDIT_BAD_FILE]')
    expect(status).toBe(65)
  }
})

test.each([
  [['ssh://127.0.0.1:1', '--policy', 'DEFAULT', '--as', 'openssl'], 'a TARGET of SSH'],
  [['127.0.0.1:1', '--policy', 'DEFAULT', '--as', 'openssh-server'], 'a TARGET of TLS'],
  [['127.0.0.1:1', '--as', 'nss'], '--as needs a policy to read'],
  [['127.0.0.1:1', '127.0.0.1:2', '--evidence', '/nowhere/x'], '--evidence and several TARGETs'],
  [['127.0.0.1:1', '--openssl', '3.0'], '--openssl needs a list to read'],
  [['127.0.0.1:1', '--ciphers', 'HIGH', '--openssl', '2'], '2'],
  [['ssh://127.0.0.1:1', '--ciphers', 'HIGH'], '--ciphers and a TARGET of SSH'],
  [['ssh://127.0.0.1:1', '--priority', 'NORMAL'], '--priority and a TARGET of SSH'],
  [['127.0.0.1:1', 'ssh://127.0.0.1:1', '--guidelines', '/dev/null'], '--guidelines and a TARGET'],
  [['ssh://127.0.0.1:1', '--client-certificate'], '--client-certificate and a TARGET of SSH'],
])('what would judge nothing is refused: %j', async (args, reason) => {
  const { status, stderr } = await runInProcess(['audit', ...args])
  expect([status, stderr]).toEqual([64, expect.stringContaining(reason)])
})

test.each<[string, YardstickOptions]>([
  ['--policy', { level: 'x', policy: 'DEFAULT', priority: 'NORMAL' }],
  ['--baseline', { level: 'x', baseline: 'earlier', ciphers: 'ALL' }],
])('a server of SSH may be held against %s beside what says nothing of it', (_, options) => {
  expect(() => refuseIdleOptions(options, ['ssh'])).not.toThrow()
})

test.each<[YardstickOptions, string]>([
  [{ level: 'x', priority: 'NORMAL' }, '--priority'],
  [{ level: 'x', ciphers: 'ALL' }, '--ciphers'],
  [{ level: 'x', guidelines: 'file' }, '--guidelines'],
  [{ level: 'x', clientCertificate: true }, '--client-certificate'],
])('a server of SSH is not held against %j alone, one of TLS is', (options, name) => {
  const refuse =
    (...protocols: readonly string[]) =>
    () =>
      refuseIdleOptions(options, protocols)
  expect(refuse('https', 'ssh')).toThrow(`${name} and a TARGET of SSH cannot`)
  expect(refuse('https')).not.toThrow()
})

test.each([true, false])(
  '%s for certificates of clients is a measure of its own',
  async (demand) => {
    const judgeOf = async (options: YardstickOptions) =>
      (await loadYardsticks(options, new Terminal())).judge
    expect(await judgeOf({ level: 'x' })).toBe(undefined)
    expect(await judgeOf({ level: 'x', clientCertificate: demand })).not.toBe(undefined)
  },
)

test('that no certificate of clients is demanded may be said of a server of SSH', () => {
  const options = { level: 'x', clientCertificate: false }
  expect(() => refuseIdleOptions(options, ['ssh'])).not.toThrow()
})

testWith('sshd', 'so it is of a replay', async () => {
  const { port } = await startSshd([`HostKey ${hostKey(scratchFolder(), 'rsa', 2048)}`])
  const path = join(folder(), 'evidence.jsonl')
  const audit = ['audit', `ssh://127.0.0.1:${port}`, '--evidence', path, '--fail-on', 'never']
  const reader = (name: string) => ['--policy', 'DEFAULT', '--as', name]
  expect((await runInProcess([...audit, ...reader('openssh-server')])).status).toBe(0)
  const again = await runInProcess(['audit', 'replay', path, ...reader('openssl')])
  expect([again.status, again.stderr]).toEqual([64, expect.stringContaining('a TARGET of SSH')])
})

test('a replay is told as of the name that was asked for', async () => {
  const path = join(folder(), 'evidence.jsonl')
  const words = ['audit', '127.0.0.1:1', '--server-name', 'a.example', '--evidence', path]
  const { stdout } = await runInterrupted(words)
  expect(stdout).toMatch(/^127\.0\.0\.1:1 as a\.example, /)
  expect((await runInProcess(['audit', 'replay', path])).stdout).toBe(stdout)
})

test.each([
  ['https', undefined, 'OpenSSL'],
  ['smtp', undefined, 'OpenSSL'],
  ['nbds', undefined, 'GnuTLS'],
  ['vnc+anonymous', undefined, 'GnuTLS'],
  ['qemu+tls', undefined, 'GnuTLS'],
  ['https', 'gnutls', 'GnuTLS'],
  ['nbds', 'openssl', 'OpenSSL'],
  ['https', 'nss', 'NSS'],
  ['https', 'java', 'Java'],
] as const)('a server of %s is held against the policy as %s: %s', async (protocol, as, title) => {
  const options = { level: 'intermediate', policy: 'FUTURE', ...(as === undefined ? {} : { as }) }
  const { titlesFor } = await loadYardsticks(options, new Terminal())
  const result = { target: { protocol }, ssh: null, tls: null } as unknown as ScanResult
  expect(titlesFor(result)).toEqual([`the policy FUTURE, as ${title} reads it`])
})
