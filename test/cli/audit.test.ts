/** `cryptopolicy audit` against real servers: what it prints, as text and as JSON, and how it ends. */
import { expect, test } from 'vitest'
import { keyFiles } from '../interop/audit/audited-server.ts'
import { startPeer } from '../interop/tls-peer.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

/** Starts OpenSSL's server with an RSA key and one over P-256. */
function startOpenssl(...options: readonly string[]): Promise<number> {
  const [rsa, ec] = keyFiles(['rsa-2048', 'ec-P-256'])
  return startPeer('openssl', (port) => [
    ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet'],
    ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
    ...['-dcert', ec?.certificate ?? '', '-dkey', ec?.key ?? ''],
    ...options,
  ])
}

async function auditJson(port: number, ...options: readonly string[]) {
  const args = ['audit', `localhost:${port}`, '--timeout', '60', '--json', ...options]
  return resultOf((await runInProcess(args)).stdout)
}

const accepted = { answer: 'accepted' }
const absent = { answer: 'not-offered' }

testWith('openssl', 'what OpenSSL was told is what is found', async () => {
  const port = await startOpenssl('-alpn', 'http/1.1,h2', '-early_data', '-serverpref')
  const { tls } = await auditJson(port)
  expect(tls.protocols.items).toEqual(['http/1.1', 'h2'])
  expect(tls.ticketLifetime).toBe(7200)
  expect(tls.features).toMatchObject({
    ...{ extendedMasterSecret: accepted, encryptThenMac: accepted, secureRenegotiation: accepted },
    ...{ sessionTickets: accepted, tickets13: accepted, earlyData: accepted, pskDheKe: accepted },
    ...{ pskKe: absent, compression: absent, heartbeat: absent, downgradeMark: accepted },
    ...{ unknownValues: accepted, unknownVersion: accepted, fallbackSignal: accepted },
  })
  expect(tls.clientCertificate).toMatchObject({ asked: absent, required: absent })
  const kinds = tls.chains.map((chain: { certificates: { keyType: string }[] }) =>
    chain.certificates.map(({ keyType }) => keyType),
  )
  expect(kinds.toSorted()).toEqual([['ec'], ['rsa']])
  expect(tls.suites[0].order).toBe('server')
})

testWith('openssl', 'what OpenSSL was told not to do is not found', async () => {
  const port = await startOpenssl('-no_ticket', '-num_tickets', '0', '-tls1_3', '-verify', '1')
  const { tls } = await auditJson(port)
  // It shows nothing after the handshake: one that is about to refuse looks the same.
  expect(tls.clientCertificate).toMatchObject({ asked: accepted, required: { answer: 'unknown' } })
  expect(tls.features).toMatchObject({ tickets13: absent, earlyData: absent })
  expect(tls.ticketLifetime).toBeNull()
  const results = tls.versions.map((version: { name: string; result: { answer: string } }) => [
    version.name,
    version.result.answer,
  ])
  expect(results).toEqual([
    ...[['TLS1.3', 'accepted'], ...['TLS1.2', 'TLS1.1', 'TLS1.0', 'SSL3.0'].map(refused)],
    refused('SSL2.0'),
  ])
})

function refused(name: string): [string, string] {
  return [name, 'refused']
}

testWith('openssl', 'a certificate that is required is told, with the schemes', async () => {
  const port = await startOpenssl('-Verify', '1', '-client_sigalgs', 'ECDSA+SHA256:RSA-PSS+SHA384')
  const { clientCertificate } = (await auditJson(port)).tls
  expect(clientCertificate).toMatchObject({ asked: accepted, required: accepted })
  const schemes = clientCertificate.schemes.map(({ name }: { name: string }) => name)
  expect(schemes).toContain('ecdsa_secp256r1_sha256')
  expect(schemes).toContain('rsa_pss_rsae_sha384')
})

testWith('openssl', 'what the budget does not reach is unknown, not refused', async () => {
  const port = await startOpenssl()
  const { tls, connections } = await auditJson(port, '--budget', '8')
  expect(connections).toBe(8)
  const spent = { answer: 'unknown', because: 'budget spent' }
  expect(tls.suites.map(({ end }: { end: unknown }) => end)).toContainEqual(spent)
  const { stdout } = await runInProcess(['audit', `localhost:${port}`, '--budget', '8'])
  expect(stdout).toContain('there may be more: unknown: budget spent')
})

testWith(
  'openssl',
  'what needs an answer that the budget did not reach is as unknown',
  async () => {
    const { tls } = await auditJson(await startOpenssl('-tls1_3'), '--budget', '6')
    const spent = { answer: 'unknown', because: 'budget spent' }
    const ends = [...tls.groups, ...tls.signatures].map(({ end }: { end: unknown }) => end)
    expect(ends).toEqual([spent, spent])
  },
)

testWith('openssl', 'the text has no line of over 80 columns', async () => {
  const port = await startOpenssl('-Verify', '1', '-cipher', 'ALL:@SECLEVEL=0')
  const { status, stdout } = await runInProcess(['audit', `localhost:${port}`, '--timeout', '60'])
  expect(status).toBe(0)
  expect(stdout).toContain('required               yes')
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('a misspelt command of audit, which is taken for a host, is told with the right one', async () => {
  const { status, stderr } = await runInProcess(['audit', 'difff', 'localhost:1'])
  expect([status, stderr]).toEqual([
    69,
    expect.stringContaining('hint: did you mean the command audit diff?'),
  ])
})

testWith('openssl', 'nothing that listens is an error, and so is what is no target', async () => {
  const { status, stderr } = await runInProcess(['audit', `127.0.0.1:${await freePort()}`])
  expect([status, stderr]).toEqual([69, expect.stringContaining('[AUDIT_UNREACHABLE]')])
  for (const target of ['gopher://host', 'host:1/path', 'user@host:1', ':443', 'host:99999']) {
    const refusal = await runInProcess(['audit', target])
    expect([refusal.status, refusal.stderr]).toEqual([
      64,
      expect.stringContaining('AUDIT_BAD_TARGET'),
    ])
  }
})
