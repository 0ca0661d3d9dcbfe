/** Whether servers insist on a certificate: some of them say so in the handshake, some behind it. */
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { Finding } from '../../../src/audit/compare/finding.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { resultOf } from '../../cli/json-output.ts'
import { testWith } from '../../peers/peer.ts'
import { makeIdentity } from '../../tls/certificates.ts'
import { startPeer } from '../tls-peer.ts'
import { auditAndReplay } from './replayed-audit.ts'
import { scratchFolder } from './ssh-server.ts'

/** What the audit says of certificates of clients, and again from its evidence. */
async function demandOf(port: number, scheme: string): Promise<string> {
  const tls = await auditAndReplay(port, scheme)
  const { asked, required } = tls?.clientCertificate ?? {}
  return `asked ${asked?.answer}, required ${required?.answer}`
}

/** A folder of QEMU's credentials, with an image. */
function credentialsFolder(): string {
  const folder = scratchFolder()
  const authority = makeIdentity('Root CA', 'rsa-2048')
  const { certificate, key } = makeIdentity('localhost', 'rsa-2048', authority)
  writeFileSync(join(folder, 'ca-cert.pem'), authority.certificate)
  writeFileSync(join(folder, 'server-cert.pem'), certificate)
  writeFileSync(join(folder, 'server-key.pem'), key, { mode: 0o600 })
  writeFileSync(join(folder, 'image'), '')
  truncateSync(join(folder, 'image'), 1024 * 1024)
  return folder
}

const INSISTS = 'asked accepted, required accepted'
const NOT_ASKED = 'asked not-offered, required not-offered'
const ADMITS = 'asked accepted, required not-offered'
const UNKNOWN = 'asked accepted, required unknown'

const BY_DEFAULT = ['--policy', 'DEFAULT', '--timeout', '60', '--json']

describe('qemu-nbd, which looks at certificates behind the handshake', () => {
  for (const [verify, demand] of [
    ['on', INSISTS],
    ['off', ADMITS],
    ['on,priority=NORMAL:-VERS-TLS1.3', INSISTS],
    ['off,priority=NORMAL:-VERS-TLS1.3', ADMITS],
  ] as const) {
    testWith('qemu-nbd', `verify-peer=${verify}`, async () => {
      const folder = credentialsFolder()
      const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder},verify-peer=${verify}`
      const port = await startPeer('qemu-nbd', (free) => [
        ...['--object', object, '--tls-creds', 'tls0', '--persistent', '--shared', '0'],
        ...['-f', 'raw', '-b', '127.0.0.1', '-p', String(free), join(folder, 'image')],
      ])
      expect(await demandOf(port, 'nbd')).toBe(demand)
      const { stdout } = await runInProcess(['audit', `nbd://127.0.0.1:${port}`, ...BY_DEFAULT])
      const findings: readonly Finding[] = resultOf(stdout).findings
      expect(findings.filter(({ severity }) => severity === 'unknown')).toEqual([])
    })
  }
})

describe('nbdkit', () => {
  for (const [options, demand] of [
    [['--tls-verify-peer'], INSISTS],
    [[], NOT_ASKED],
  ] as const) {
    testWith('nbdkit', options.join(' ') || 'as it is', async () => {
      const folder = credentialsFolder()
      const port = await startPeer('nbdkit', (free) => [
        ...['-f', '-i', '127.0.0.1', '-p', String(free), '--tls=require', ...options],
        ...[`--tls-certificates=${folder}`, 'memory', '1M'],
      ])
      expect(await demandOf(port, 'nbd')).toBe(demand)
    })
  }
})

describe('gnutls-serv, whose tickets show that it has read what the client sent', () => {
  for (const [options, demand] of [
    [['--require-client-cert'], INSISTS],
    [[], ADMITS],
    [['--noticket', '--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.3'], UNKNOWN],
    [['--disable-client-cert'], NOT_ASKED],
    [['--require-client-cert', '--priority', 'NORMAL:-VERS-TLS1.3'], INSISTS],
    // Before TLS 1.3 its Finished comes behind the client's, and shows as much.
    [['--noticket'], ADMITS],
    [['--disable-client-cert', '--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.1'], NOT_ASKED],
  ] as const) {
    testWith('gnutls-serv', options.join(' ') || 'as it is', async () => {
      const folder = credentialsFolder()
      const port = await startPeer('gnutls-serv', (free) => [
        ...['-p', String(free), '--http', '--quiet', ...options],
        ...['--x509certfile', join(folder, 'server-cert.pem')],
        ...['--x509keyfile', join(folder, 'server-key.pem')],
      ])
      expect(await demandOf(port, 'tls')).toBe(demand)
    })
  }
})

describe('OpenSSL', () => {
  for (const [[option, ...others], demand] of [
    [['-Verify'], INSISTS],
    [['-verify'], ADMITS],
    [['-Verify', '-tls1_2'], INSISTS],
    [['-verify', '-tls1_2'], ADMITS],
    [['-Verify', '-tls1', '-cipher', 'ALL:@SECLEVEL=0'], INSISTS],
    // A curve that Node.js cannot compute with: no handshake shows what becomes of the client.
    [['-verify', '-tls1_2', '-groups', 'sect283r1', '-cipher', 'ECDHE'], UNKNOWN],
  ] as const) {
    testWith('openssl', [option, ...others].join(' '), async () => {
      const folder = credentialsFolder()
      const port = await startPeer('openssl', (free) => [
        ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', option, '1', ...others],
        ...['-cert', join(folder, 'server-cert.pem'), '-key', join(folder, 'server-key.pem')],
      ])
      expect(await demandOf(port, 'tls')).toBe(demand)
    })
  }
})
