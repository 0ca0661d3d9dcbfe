/** What other scanners find at the same servers: all of it is found here too, and no suite that they know and miss. */
import { describe, expect } from 'vitest'
import type { TlsScan } from '../../../src/audit/model.ts'
import { hasPeer, testWith } from '../../peers/peer.ts'
import { runPeer, startPeer } from '../tls-peer.ts'
import { auditCounted, type KeyFiles, keyFiles } from './audited-server.ts'

type Setting = {
  readonly server: 'openssl' | 'gnutls-serv'
  readonly keys: readonly ('rsa-2048' | 'ec-P-256')[]
  readonly options: readonly string[]
}

/** `npm run soak:audit` takes all, other runs the first two. */
const SETTINGS: readonly Setting[] = [
  {
    server: 'openssl',
    keys: ['rsa-2048', 'ec-P-256'],
    options: ['-cipher', 'ALL:@SECLEVEL=0', '-serverpref'],
  },
  {
    server: 'gnutls-serv',
    keys: ['rsa-2048'],
    options: ['NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA:+3DES-CBC:+ARCFOUR-128'],
  },
  { server: 'openssl', keys: ['rsa-2048'], options: [] },
  { server: 'openssl', keys: ['ec-P-256'], options: ['-tls1_2', '-cipher', 'ECDHE+AESGCM'] },
  { server: 'gnutls-serv', keys: ['rsa-2048'], options: ['NORMAL:-VERS-TLS1.3'] },
  { server: 'gnutls-serv', keys: ['rsa-2048', 'ec-P-256'], options: ['SECURE128'] },
]

/** Starts the server; gives its port. */
function startServer({ server, keys, options }: Setting): Promise<number> {
  const files = keyFiles(keys)
  const [first, second] = files
  if (server === 'gnutls-serv') {
    return startPeer(server, (free) => [
      ...['-p', String(free), '--priority', ...options, '--http', '--quiet'],
      ...files.flatMap(({ certificate, key }) => [
        `--x509certfile=${certificate}`,
        `--x509keyfile=${key}`,
      ]),
    ])
  }
  const both = (names: readonly [string, string], one: KeyFiles | undefined) =>
    one ? [names[0], one.certificate, names[1], one.key] : []
  return startPeer(server, (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet', ...options],
    ...both(['-cert', '-key'], first),
    ...both(['-dcert', '-dkey'], second),
  ])
}

/** `TLS1.2 TLS_RSA_WITH_AES_128_CBC_SHA` or with the number of the suite, sorted. */
type Suites = readonly string[]

function ownSuites(
  { suites }: TlsScan,
  word: 'name' | 'number',
  versions: readonly string[],
): Suites {
  return suites
    .filter(({ version }) => versions.includes(version))
    .flatMap(({ version, items }) => items.map((item) => `${version} ${item[word]}`))
    .toSorted()
}

const OLDER = ['TLS1.0', 'TLS1.1', 'TLS1.2']

async function bySslscan(port: number): Promise<Suites> {
  const { output } = await runPeer('sslscan', ['--no-colour', '--xml=-', `127.0.0.1:${port}`])
  const rows = output.matchAll(/<cipher status="\w+" sslversion="TLSv([\d.]+)".* id="(0x\w+)"/g)
  return [...rows].map(([, version, id]) => `TLS${version} ${Number(id)}`).toSorted()
}

async function byNmap(port: number): Promise<Suites> {
  const script = ['--script', 'ssl-enum-ciphers', '127.0.0.1']
  const { output } = await runPeer('nmap', ['-Pn', '-n', '-p', String(port), ...script])
  let version = ''
  return output
    .split('\n')
    .flatMap((line) => {
      version = /^\| {3}TLSv([\d.]+):/.exec(line)?.[1] ?? version
      const [, name] = /^\| {7}(TLS_\w+)/.exec(line) ?? []
      return name === undefined ? [] : `TLS${version} ${name}`
    })
    .filter((row) => OLDER.some((known) => row.startsWith(known)))
    .toSorted()
}

const CHOSEN = SETTINGS.slice(0, process.env.AUDIT_SERVERS ? SETTINGS.length : 2)

describe.each(CHOSEN)('$server with $options', (setting) => {
  for (const [scanner, word, versions, scan] of [
    ['sslscan', 'number', [...OLDER, 'TLS1.3'], bySslscan],
    ['nmap', 'name', OLDER, byNmap],
  ] as const) {
    if (!hasPeer(setting.server)) continue
    testWith(
      scanner,
      'suites',
      async () => {
        const port = await startServer(setting)
        const { tls } = await auditCounted(port)
        const theirs = await scan(port)
        expect(theirs).not.toEqual([])
        expect(ownSuites(tls, word, versions)).toEqual(theirs)
      },
      300_000,
    )
  }
})
