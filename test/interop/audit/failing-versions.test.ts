/** A server that fails in a version whatever it is offered: OpenSSL's client does not get in either. */
import { expect } from 'vitest'
import { testWith } from '../../peers/peer.ts'
import { runPeer, startPeer } from '../tls-peer.ts'
import { auditCounted, keyFiles, permittedConnections } from './audited-server.ts'

/** Whether a client that offers everything in one version comes to the end of a handshake. */
async function isLetIn(port: number, word: string): Promise<boolean> {
  const { output } = await runPeer('openssl', [
    ...['s_client', '-connect', `127.0.0.1:${port}`, word, '-cipher', 'ALL:@SECLEVEL=0'],
  ])
  return /New, (TLSv|SSLv)/.test(output)
}

testWith('openssl', 'a version in which OpenSSL fails for every client is refused', async () => {
  const files = keyFiles(['rsa-2048', 'ec-P-256'])
  const port = await startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', '-cipher', 'ALL:@SECLEVEL=1'],
    ...['-cert', files[0]?.certificate ?? '', '-key', files[0]?.key ?? ''],
    ...['-dcert', files[1]?.certificate ?? '', '-dkey', files[1]?.key ?? ''],
  ])
  const { tls, counted } = await auditCounted(port)
  for (const [word, name] of [
    ['-tls1', 'TLS1.0'],
    ['-tls1_1', 'TLS1.1'],
    ['-tls1_2', 'TLS1.2'],
  ] as const) {
    const answer = tls.versions.find((version) => version.name === name)?.result.answer
    expect(answer, name).toBe((await isLetIn(port, word)) ? 'accepted' : 'refused')
  }
  expect(counted).toBeLessThanOrEqual(permittedConnections(tls))
})
