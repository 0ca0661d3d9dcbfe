import { connect } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { describe, expect } from 'vitest'
import {
  findTlsSuiteByOpensslName,
  opensslSuiteName,
} from '../../src/algorithms/tls-suite-openssl.ts'
import { findTlsSuiteByName } from '../../src/algorithms/tls-suites.ts'
import type { Source } from '../../src/diagnostics/source.ts'
import { type TlsSettings, tlsOptionsFor } from '../../src/library/tls.ts'
import { parseSystemConfig, type SystemConfig } from '../../src/priority/system-config.ts'
import { connectTls } from '../../src/tls/connection.ts'
import { writeFiles } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { testWith } from '../peers/peer.ts'
import { listPriority } from '../priority/list-priority.ts'
import { makeIdentity } from '../tls/certificates.ts'
import { runPeer, serveHello, startPeer } from './tls-peer.ts'

const LIMIT = 120_000

/** One key suffices for these, and no suite of another key is in them. */
const STRINGS = [
  'NORMAL:-KX-ALL:+ECDHE-RSA:+RSA:+DHE-RSA',
  'NONE:+CTYPE-X509:+VERS-TLS1.2:+VERS-TLS1.1:+AES-256-CBC:+AES-128-CBC:+SHA1:+SHA256:+RSA:+SIGN-ALL:+GROUP-ALL',
]

function settingsFor(
  priority: string,
  role: 'server' | 'client',
  config?: SystemConfig,
): TlsSettings {
  return tlsOptionsFor(priority, { role, ...(config ? { config } : {}) })
}

/** Offers all of the suites, then all but the one that the server took, until it takes none of them. */
async function suitesTaken(
  port: number,
  suites: readonly string[],
  offering: (names: string) => readonly string[],
): Promise<readonly string[]> {
  const taken: string[] = []
  for (let left = suites; left.length > 0; left = left.filter((name) => name !== taken.at(-1))) {
    const only = offering(left.join(':'))
    const args = ['s_client', '-ign_eof', '-connect', `127.0.0.1:${port}`, ...only]
    const { output } = await runPeer('openssl', args)
    // What s_client prints after a handshake; `hello` may be lost when it ends at once.
    const [, name] = /^New, \S+, Cipher is (?!\(NONE\))(\S+)/m.exec(output) ?? []
    if (name === undefined) break
    expect(left).toContain(name)
    taken.push(name)
  }
  return taken
}

describe.each(STRINGS)('%s', (priority) => {
  const identity = makeIdentity('localhost', 'rsa-2048')

  testWith(
    'openssl',
    'serves a client of OpenSSL by every suite that is allowed, and by no other',
    async () => {
      const settings = settingsFor(priority, 'server')
      const port = await serveHello(settings, identity)
      const { output } = await runPeer('openssl', ['ciphers', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'])
      const known = output.trim().split(':')
      const { newer = [], older = [] } = Object.groupBy(known, (name) =>
        name.startsWith('TLS_') ? 'newer' : 'older',
      )
      const taken = [
        ...(await suitesTaken(port, newer, (names) => ['-tls1_3', '-ciphersuites', names])),
        ...(await suitesTaken(port, older, (names) => [
          '-no_tls1_3',
          '-cipher',
          `${names}:@SECLEVEL=0`,
        ])),
      ]
      const allowed = settings.allowed.suites.map((suite) => opensslSuiteName(suite) ?? '')
      expect(taken.toSorted()).toEqual(allowed.filter((name) => known.includes(name)).toSorted())
    },
    LIMIT,
  )

  testWith(
    'sslscan',
    'shows a scanner nothing that is not allowed',
    async () => {
      const settings = settingsFor(priority, 'server')
      const port = await serveHello(settings, identity)
      const args = ['--no-colour', '--no-heartbleed', '--show-sigs', `127.0.0.1:${port}`]
      const { output } = await runPeer('sslscan', args)
      const lines = [...output.matchAll(/^(?:Preferred|Accepted) +(\S+) +\d+ bits +(\S+)/gm)]
      expect(lines.length).toBeGreaterThan(0)
      const versions = settings.allowed.versions.map(({ name }) => name.replace('TLS', 'TLSv'))
      const suites = settings.allowed.suites.map((suite) => opensslSuiteName(suite))
      for (const [, version = '', suite = ''] of lines) {
        expect(versions).toContain(version)
        expect(suites).toContain(suite)
      }
    },
    LIMIT,
  )

  testWith(
    'openssl',
    'connects to a server that has one suite if and only if the suite is allowed',
    async () => {
      const settings = settingsFor(priority, 'client')
      const folder = new Host({ 'key.pem': identity.key, 'cert.pem': identity.certificate })
      const files = ['-key', folder.path('key.pem'), '-cert', folder.path('cert.pem')]
      for (const name of SINGLE_SUITES) {
        const port = await startPeer('openssl', (at) => [
          ...['s_server', '-accept', `127.0.0.1:${at}`, '-quiet', ...files],
          ...['-no_tls1_3', '-cipher', `${name}:@SECLEVEL=0`],
        ])
        const suite = findTlsSuiteByOpensslName(name)!
        const options = { ca: identity.certificate, servername: 'localhost' }
        const outcome = await connectTls(connect(port, '127.0.0.1'), settings, options).then(
          (socket) => suiteOf(socket),
          () => undefined,
        )
        const isAllowed = settings.allowed.suites.includes(suite)
        expect(outcome, name).toBe(isAllowed ? suite.name : undefined)
      }
    },
    LIMIT,
  )
})

/** Suites of every kind; what is not here is seen in `test/tls/never-looser.test.ts`. */
const SINGLE_SUITES = [
  ...['AES128-SHA', 'AES256-SHA256', 'AES128-GCM-SHA256', 'CAMELLIA128-SHA', 'NULL-SHA'],
  ...['ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-NULL-SHA'],
  ...['DHE-RSA-AES128-GCM-SHA256', 'DHE-RSA-CAMELLIA256-SHA', 'AES128-CCM8'],
]

function suiteOf(socket: TLSSocket): string | undefined {
  const { standardName } = socket.getCipher()
  socket.destroy()
  return standardName
}

/** A system whose policy was set by update-policies, with drop-ins for two programs. */
function policyHost(): { host: Host; file: string; config: SystemConfig } {
  const host = new Host({
    'local.d/gnutls-programs.config':
      '\nLIBVIRT=NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-RSA:-GROUP-ALL:+GROUP-SECP384R1\nQEMU=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305\n',
  })
  host.set('DEFAULT')
  const file = host.path('back-ends', 'gnutls.config')
  const source: Source = { name: file, text: host.read('back-ends', 'gnutls.config') }
  return { host, file, config: parseSystemConfig(source) }
}

const PROGRAMS = ['@LIBVIRT,SYSTEM', '@QEMU,SYSTEM', '@NOBODY,SYSTEM']

describe.each(PROGRAMS)('under a gnutls.config of update-policies, %s', (priority) => {
  const identity = makeIdentity('localhost', 'rsa-2048')

  testWith(
    'gnutls-cli',
    'lets gnutls-cli negotiate with our server what list says',
    async () => {
      const { host, file, config } = policyHost()
      const port = await serveHello(settingsFor(priority, 'server', config), identity)
      writeFiles(host.base, { 'ca.pem': identity.certificate })
      const args = [
        ...[`--port=${port}`, '--x509cafile', host.path('ca.pem'), '--sni-hostname=localhost'],
        ...['--verify-hostname=localhost', `--priority=${priority}`, '127.0.0.1'],
      ]
      const env = { GNUTLS_SYSTEM_PRIORITY_FILE: file }
      const { status, output } = await runPeer('gnutls-cli', args, env)
      expect(output).toContain('hello')
      expect(status).toBe(0)
      const [, version = ''] = /Description: \((TLS[\d.]+)/.exec(output) ?? []
      expect(listPriority(priority, { config }).stdout).toContain(`VERS-${version}`)
      const other = await runPeer('gnutls-cli', [
        ...args,
        '--priority=NORMAL:-VERS-ALL:+VERS-TLS1.1',
      ])
      expect(other.status).not.toBe(0)
    },
    LIMIT,
  )

  testWith(
    'gnutls-serv',
    'lets our client negotiate with gnutls-serv what list says',
    async () => {
      const { host, file, config } = policyHost()
      writeFiles(host.base, { 'key.pem': identity.key, 'cert.pem': identity.certificate })
      const env = { GNUTLS_SYSTEM_PRIORITY_FILE: file }
      const port = await startPeer(
        'gnutls-serv',
        (at) => [
          ...[`--port=${at}`, '--echo', '--quiet', `--priority=${priority}`],
          ...['--x509keyfile', host.path('key.pem'), '--x509certfile', host.path('cert.pem')],
        ],
        env,
      )
      const settings = settingsFor(priority, 'client', config)
      const options = { ca: identity.certificate, servername: 'localhost' }
      const socket = await connectTls(connect(port, '127.0.0.1'), settings, options)
      const suite = findTlsSuiteByName(suiteOf(socket) ?? '')
      expect(listPriority(priority, { config }).stdout).toContain(suite?.gnutlsName)
    },
    LIMIT,
  )
})
