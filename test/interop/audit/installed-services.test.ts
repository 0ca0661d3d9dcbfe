/**
 * Services whose first byte is TLS, as Debian has them. Some refuse clients without a word, and Apache answers ALPN
 * with what was not offered: neither leaves a question open. What they accept is what OpenSSL and GnuTLS list for
 * the same string.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { TlsScan } from '../../../src/audit/model.ts'
import { findProgram } from '../../../src/system/consumers/consumer.ts'
import { spawn } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { freePort } from '../../peers/port.ts'
import { testFolder, waitFor } from '../convert/servers/server-process.ts'
import { runPeer } from '../tls-peer.ts'
import { auditCounted, type KeyFiles, keyFiles, permittedConnections } from './audited-server.ts'

const CIPHERS = 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:AES256-SHA'
const PRIORITY = 'SECURE128:-GROUP-ALL:+GROUP-X25519:+GROUP-FFDHE2048'

type Service = {
  readonly program: string
  readonly argsOf: (configuration: string) => readonly string[]
  readonly configure: (port: number, folder: string, files: KeyFiles) => string
}

const dovecot: Service = {
  program: 'dovecot',
  argsOf: (configuration) => ['-F', '-c', configuration],
  configure: (port, folder, { certificate, key }) => `base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
protocols = imap
ssl_cert = <${certificate}
ssl_key = <${key}
ssl_cipher_list = ${CIPHERS}
passdb {
  driver = static
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${port}
  }
}
`,
}

const apache: Service = {
  program: 'apache2',
  argsOf: (configuration) => ['-f', configuration, '-X'],
  configure: (port, folder, { certificate, key }) => `ServerRoot ${folder}
ServerName localhost
DefaultRuntimeDir ${folder}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
SSLSessionCache none
SSLCipherSuite ${CIPHERS}
Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
SSLEngine on
SSLCertificateFile ${certificate}
SSLCertificateKeyFile ${key}
</VirtualHost>
`,
}

const redis: Service = {
  program: 'redis-server',
  argsOf: (configuration) => [configuration],
  configure: (port, _, { certificate, key }) => `bind 127.0.0.1
port 0
save ""
tls-port ${port}
tls-cert-file ${certificate}
tls-key-file ${key}
tls-ca-cert-file ${certificate}
tls-ciphers ${CIPHERS}
`,
}

const slapd: Service = {
  program: 'slapd',
  argsOf: (configuration) => ['-d', '0', '-f', configuration],
  configure: (_, folder, { certificate, key }) => `pidfile ${folder}/pid
TLSCertificateFile ${certificate}
TLSCertificateKeyFile ${key}
TLSCipherSuite ${PRIORITY}
`,
}

/** Starts the service; gives its port. */
async function start(
  { program, argsOf, configure }: Service,
  words: (port: number) => readonly string[] = () => [],
): Promise<number> {
  const folder = testFolder()
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'run'))
  const [files] = keyFiles(['rsa-2048'])
  if (!files) throw new Error('there is a certificate')
  const port = await freePort()
  const configuration = join(folder, 'configuration')
  writeFileSync(configuration, configure(port, folder, files))
  const path = findProgram(program) ?? program
  const args = [...argsOf(configuration), ...words(port)]
  await waitFor(port, spawn(path, args, { stdio: 'ignore' }))
  return port
}

async function audit(port: number): Promise<TlsScan> {
  const { tls, counted } = await auditCounted(port)
  expect(counted).toBeLessThanOrEqual(permittedConnections(tls))
  return tls
}

function suitesOf({ suites }: TlsScan, name: string): readonly number[] {
  const items = suites.find(({ version }) => version === name)?.items ?? []
  return items.map(({ number }) => number).toSorted()
}

/** What stayed open, or is said to be the work of a limit: nothing of it. */
function openAnswers(tls: TlsScan): readonly string[] {
  const answers = JSON.stringify(tls).match(/"answer":"[\w-]+"/g) ?? []
  return answers.filter((answer) => !/accepted|refused|not-offered/.test(answer))
}

/** Suites of TLS 1.2 in a list, by OpenSSL. */
async function listed(): Promise<readonly number[]> {
  const { output } = await runPeer('openssl', ['ciphers', '-V', '-s', '-tls1_2', CIPHERS])
  const rows = output.matchAll(/0x(\w\w),0x(\w\w) -/g)
  return [...rows].map(([, high, low]) => Number(`0x${high}${low}`)).toSorted()
}

async function expectOpenssl(tls: TlsScan): Promise<void> {
  expect(suitesOf(tls, 'TLS1.2')).toEqual(await listed())
  expect(suitesOf(tls, 'TLS1.3')).toEqual([0x1301, 0x1302, 0x1303])
  const refused = tls.versions.filter(({ result }) => result.answer === 'refused')
  expect(refused.map(({ name }) => name)).toEqual(['TLS1.1', 'TLS1.0', 'SSL3.0', 'SSL2.0'])
}

describe.skipIf(process.geteuid?.() !== 0)('Dovecot [root]', () => {
  testWith('dovecot', 'refuses without a word, which is no limit of its rate', async () => {
    const tls = await audit(await start(dovecot))
    await expectOpenssl(tls)
    expect(openAnswers(tls)).toEqual([])
    const refused = tls.versions.find(({ name }) => name === 'TLS1.1')?.result
    expect(refused).toEqual({ answer: 'refused', alert: null, name: null })
  })
})

testWith('slapd', 'refuses without a word, which is no limit of its rate', async () => {
  const tls = await audit(await start(slapd, (port) => ['-h', `ldaps://127.0.0.1:${port}`]))
  const { output } = await runPeer('gnutls-cli', ['--list', '--priority', PRIORITY])
  const rows = [...output.matchAll(/^TLS_(\w+)\s+0x(\w\w), 0x(\w\w)\s+(?!TLS1.3)/gm)]
  // It has a key of RSA.
  const usable = rows.filter(([, name = '']) => !name.includes('ECDSA'))
  const numbers = usable.map(([, , high, low]) => Number(`0x${high}${low}`))
  expect(suitesOf(tls, 'TLS1.2')).toEqual(numbers.toSorted())
  expect(openAnswers(tls)).toEqual([])
})

testWith('apache2', 'answers ALPN with HTTP/1.1, offered or not', async () => {
  const port = await start(apache)
  const asked = ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2', '-alpn', 'http/1.0']
  const { output } = await runPeer('openssl', asked)
  // OpenSSL's client did not offer what it was answered with.
  expect(output).toContain('tls_parse_stoc_alpn:bad extension')
  const tls = await audit(port)
  await expectOpenssl(tls)
  expect(openAnswers(tls)).toEqual([])
  expect(tls.protocols).toMatchObject({ items: ['http/1.1'], end: { answer: 'not-offered' } })
})

testWith('redis-server', 'requires a certificate of its clients', async () => {
  const tls = await audit(await start(redis))
  await expectOpenssl(tls)
  expect(tls.clientCertificate.required).toEqual({ answer: 'accepted' })
})
