/** Servers that let clients renegotiate: OpenSSL's client says whether they have the proof of RFC 5746. */
import { expect } from 'vitest'
import type { Finding } from '../../../src/audit/compare/finding.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { resultOf } from '../../cli/json-output.ts'
import { hasPeer, testWith } from '../../peers/peer.ts'
import { runPeer, startPeer } from '../tls-peer.ts'
import { keyFiles } from './audited-server.ts'

async function findingsOf(port: number): Promise<readonly Finding[]> {
  const options = ['--policy', 'DEFAULT', '--timeout', '60', '--json']
  const { stdout } = await runInProcess(['audit', `127.0.0.1:${port}`, ...options])
  return resultOf(stdout).findings
}

async function severitiesOf(port: number): Promise<readonly string[]> {
  return (await findingsOf(port))
    .filter(({ code }) => code === 'AUDIT_RENEGOTIATION_ACCEPTED')
    .map(({ severity }) => severity)
}

async function hasProof(port: number): Promise<boolean> {
  const { output } = await runPeer('openssl', [
    ...['s_client', '-tls1_2', '-connect', `127.0.0.1:${port}`],
  ])
  expect(output).toMatch(/Secure Renegotiation IS/)
  return !output.includes('Secure Renegotiation IS NOT')
}

testWith('openssl', 'a server that lets no client renegotiate has no such finding', async () => {
  const [rsa] = keyFiles(['rsa-2048'])
  const port = await startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet'],
    ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
  ])
  expect(await severitiesOf(port)).toEqual([])
})

testWith('openssl', 'where no handshake can be computed, renegotiation is unknown', async () => {
  const [rsa] = keyFiles(['rsa-2048'])
  const port = await startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-tls1_2', '-cipher', 'ECDHE'],
    ...['-groups', 'sect283r1', '-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
  ])
  const unknown = (await findingsOf(port)).filter(({ code }) => code === 'AUDIT_UNKNOWN')
  expect(unknown).toMatchObject([
    { item: { kind: 'renegotiation' }, evidence: ['finish before TLS1.3'] },
  ])
})

for (const words of ['', ':%DISABLE_SAFE_RENEGOTIATION']) {
  if (!hasPeer('openssl')) continue
  testWith('gnutls-serv', `a client that renegotiates is told, NORMAL${words}`, async () => {
    const [rsa] = keyFiles(['rsa-2048'])
    const port = await startPeer('gnutls-serv', (free) => [
      ...['-p', String(free), '--http', '--quiet', '--priority', `NORMAL${words}`],
      ...[`--x509certfile=${rsa?.certificate}`, `--x509keyfile=${rsa?.key}`],
    ])
    expect(await severitiesOf(port)).toEqual([(await hasProof(port)) ? 'info' : 'high'])
  })
}
