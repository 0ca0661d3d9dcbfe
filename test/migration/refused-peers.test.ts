/**
 * Clients and servers of GnuTLS, OpenSSL and QEMU that may not take part: `receive`, `relay` and `send` refuse
 * each by a code of its own before a byte of the guest goes on, and tell why they were refused themselves.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { runInProcess, serveInProcess } from '../cli/in-process.ts'
import { startPeer } from '../interop/tls-peer.ts'
import { spawn } from '../peers/child-process.ts'
import { hasPeer } from '../peers/peer.ts'
import { credentialFolder, endpoint, names } from '../tls/objects/folder.ts'
import { AUTHORITY, type Made, make, makeList } from '../x509/made-certificate.ts'
import { STREAMS } from './recorded-streams.ts'
import { connectPlain, listenPlain, readAll } from './relay/plain-ends.ts'

const AUTHORITY_OF_BOTH = make({
  ...AUTHORITY,
  subject: 'Test Root',
  keyUsage: { critical: true, uses: ['keyCertSign', 'cRLSign'] },
})
const LOCALHOST = { subject: 'localhost', names: names(['dns', 'localhost']) }
const GOOD_SERVER = endpoint(LOCALHOST, AUTHORITY_OF_BOTH)
const GOOD_CLIENT = endpoint({ subject: 'client' }, AUTHORITY_OF_BOTH)
const WEAK_SERVER = endpoint({ ...LOCALHOST, key: 'rsa-1024' }, AUTHORITY_OF_BOTH)
const WEAK_CLIENT = endpoint({ subject: 'client', key: 'rsa-1024' }, AUTHORITY_OF_BOTH)

const AES_256 = 'NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM'
const TLS_1_3 = 'NORMAL:-VERS-ALL:+VERS-TLS1.3'
const GROUP = 'NORMAL:-GROUP-ALL:+GROUP-SECP384R1'

/** What both sides of a refused connection are. */
type Case = {
  /** Our side. */
  readonly priority?: string
  /** Revoked for our side. */
  readonly revoked?: Made
  /** Revoked for the peer. */
  readonly revokedThere?: Made
  readonly theirs?: Made
  /** More words of the peer. */
  readonly openssl?: readonly string[]
  readonly gnutls?: readonly string[]
  /** The code in our log. */
  readonly code: string | RegExp
}

const NOTHING_SHARED: Readonly<Record<string, Case>> = {
  'no shared suite': {
    priority: AES_256,
    openssl: ['-tls1_3', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'],
    gnutls: ['--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305'],
    code: 'TLS_NOTHING_SHARED',
  },
  'no shared version': {
    priority: TLS_1_3,
    openssl: ['-tls1_2'],
    gnutls: ['--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.2'],
    code: 'TLS_NOTHING_SHARED',
  },
  'no shared group': {
    priority: GROUP,
    openssl: ['-groups', 'X25519'],
    gnutls: ['--priority', 'NORMAL:-GROUP-ALL:+GROUP-X25519'],
    code: 'TLS_NOTHING_SHARED',
  },
}

const CLIENTS: Readonly<Record<string, Case>> = {
  'a revoked client': { revoked: GOOD_CLIENT, code: 'TLS_CERTIFICATE_REVOKED' },
  'a client with a weak key': {
    theirs: WEAK_CLIENT,
    priority: 'NORMAL:%PROFILE_MEDIUM',
    openssl: ['-cipher', 'DEFAULT@SECLEVEL=0'],
    code: 'TLS_WEAK_KEY',
  },
  ...NOTHING_SHARED,
  'a client for which our certificate is revoked': {
    revokedThere: GOOD_SERVER,
    code: /TLS_REFUSED_BY_PEER|MIGRATION_CHANNEL_REFUSED|RELAY_NOTHING_CAME/,
  },
}

/** As of QEMU, a client reads no list of revoked certificates. */
const SERVERS: Readonly<Record<string, Case>> = {
  'a server with a weak key': {
    theirs: WEAK_SERVER,
    priority: 'NORMAL:%PROFILE_MEDIUM',
    openssl: ['-cipher', 'DEFAULT@SECLEVEL=0'],
    code: 'TLS_WEAK_KEY',
  },
  ...NOTHING_SHARED,
  'a server for which our certificate is revoked': {
    revokedThere: GOOD_CLIENT,
    // Its alert is lost where its end is noticed first.
    code: /TLS_REFUSED_BY_PEER|RELAY_NOT_ANSWERED|may refuse this certificate/,
  },
}

function folderOf(role: 'server' | 'client', own: Made | undefined, revoked?: Made): string {
  const serials = revoked ? [revoked.serial] : []
  return credentialFolder({
    authorities: [AUTHORITY_OF_BOTH],
    server: role === 'server' ? [own ?? GOOD_SERVER] : [],
    client: role === 'client' ? [own ?? GOOD_CLIENT] : [],
    others: { 'ca-crl.pem': makeList({ signer: AUTHORITY_OF_BOTH, revoked: serials }) },
  })
}

/** The options of our side. */
function ownOptions(role: 'server' | 'client', { revoked, priority }: Case): string[] {
  const more = priority === undefined ? '' : `,priority=${priority}`
  const dir = folderOf(role, undefined, revoked)
  const object = `tls-creds-x509,id=tls0,dir=${dir},endpoint=${role}${more}`
  return ['--object', object, '--tls-creds', 'tls0']
}

function startRelay(listen: string, to: string, options: readonly string[]) {
  return serveInProcess(['migrate', 'relay', '--listen', listen, '--to', to, ...options])
}

/** The port of a service that is ready. */
function portOf(log: string): string {
  return /^ready: \S+:(\d+)\b/m.exec(log)?.[1] ?? ''
}

type Program = {
  readonly client: (port: string, described: Case) => readonly string[]
  readonly server: (port: number, described: Case) => readonly string[]
}

/** Both look at the list of revoked certificates. */
const PROGRAMS: Readonly<Record<'openssl' | 'gnutls', Program>> = {
  openssl: {
    client: (port, { theirs, revokedThere, openssl = [] }) => [
      ...['openssl', 's_client', '-quiet', '-no_ign_eof', '-connect', `127.0.0.1:${port}`],
      ...['-servername', 'localhost', ...opensslFiles('client', theirs, revokedThere), ...openssl],
    ],
    server: (port, { theirs, revokedThere, openssl = [] }) => [
      ...['openssl', 's_server', '-quiet', '-Verify', '1', '-accept', `${port}`],
      ...[...opensslFiles('server', theirs, revokedThere), ...openssl],
    ],
  },
  gnutls: {
    client: (port, { theirs, revokedThere, gnutls = [] }) => [
      ...['gnutls-cli', '-p', port, '--verify-hostname', 'localhost', '127.0.0.1'],
      ...[...gnutlsFiles('client', theirs, revokedThere), ...gnutls],
    ],
    server: (port, { theirs, revokedThere, gnutls = [] }) => [
      ...['gnutls-serv', '-p', `${port}`, '--require-client-cert', '--verify-client-cert'],
      ...[...gnutlsFiles('server', theirs, revokedThere), ...gnutls],
    ],
  },
}

type FilesOf = (role: 'server' | 'client', own?: Made, revoked?: Made) => readonly string[]

const opensslFiles: FilesOf = (role, own, revoked) => {
  const dir = folderOf(role, own, revoked)
  const at = (name: string) => join(dir, name)
  return [
    ...['-CAfile', at('ca-cert.pem'), '-CRL', at('ca-crl.pem'), '-crl_check'],
    ...['-verify_return_error', '-cert', at(`${role}-cert.pem`), '-key', at(`${role}-key.pem`)],
  ]
}

const gnutlsFiles: FilesOf = (role, own, revoked) => {
  const dir = folderOf(role, own, revoked)
  const at = (name: string) => join(dir, name)
  return [
    ...['--x509cafile', at('ca-cert.pem'), '--x509crlfile', at('ca-crl.pem')],
    ...['--x509certfile', at(`${role}-cert.pem`), '--x509keyfile', at(`${role}-key.pem`)],
  ]
}

function inLog(code: string | RegExp): RegExp {
  return typeof code === 'string' ? new RegExp(`\\[${code}\\]`) : code
}

for (const [library, { client }] of Object.entries(PROGRAMS)) {
  const program = library === 'openssl' ? 'openssl' : 'gnutls-cli'
  describe.skipIf(!hasPeer(program))(`a client of ${library} [${program}]`, () => {
    /** Its standard input stays open: a client that has nothing to say leaves before it is judged. */
    const begin = (port: string, described: Case) => {
      const [command = '', ...args] = client(port, described)
      spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] }).stdin?.on('error', () => {})
    }
    for (const [name, described] of Object.entries(CLIENTS)) {
      test(`${name}: receive stores nothing`, async () => {
        const folder = scratchFolder()
        const place = ['--listen', 'tcp:127.0.0.1:0', join(folder, 'guest')]
        const options = ownOptions('server', described)
        const receiver = await serveInProcess(['migrate', 'receive', ...options, ...place])
        begin(portOf(receiver.log()), described)
        expect(await receiver.says(/#1 .*ended:/)).toMatch(inLog(described.code))
        await receiver.stop()
        expect(readdirSync(folder)).toEqual([])
      })

      test(`${name}: relay opens no channel`, async () => {
        const exit = join(scratchFolder(), 'exit')
        const qemu = await listenPlain(exit)
        const options = ownOptions('server', described)
        const relay = await startRelay('tcp:127.0.0.1:0', `unix:${exit}`, options)
        begin(portOf(relay.log()), described)
        expect(await relay.says(/#1 .*ended:/)).toMatch(inLog(described.code))
        expect(qemu.connections).toEqual([])
      })
    }
  })
}

/** Starts a server that writes what it receives to a file; gives both. */
async function startServer(server: Program['server'], described: Case) {
  const printed = join(scratchFolder(), 'printed')
  const shell = `exec "$@" < /dev/null > ${printed} 2>&1`
  const port = await startPeer('/bin/sh', (at) => ['-c', shell, 'sh', ...server(at, described)])
  return { port, printed: () => readFileSync(printed, 'latin1') }
}

const STORED = join(STREAMS, 'exec-11-pc-q35-11.1-S.bin.gz')

for (const [library, { server }] of Object.entries(PROGRAMS)) {
  const program = library === 'openssl' ? 'openssl' : 'gnutls-serv'
  describe.skipIf(!hasPeer(program))(`a server of ${library} [${program}]`, () => {
    for (const [name, described] of Object.entries(SERVERS)) {
      test(`${name}: send gives it nothing`, async () => {
        const { port, printed } = await startServer(server, described)
        const place = ['--input', STORED, '--to', `tcp:localhost:${port}`]
        const args = ['migrate', 'send', ...place, ...ownOptions('client', described)]
        const { status, stderr } = await runInProcess(args)
        expect(stderr).toMatch(inLog(described.code))
        expect(status).toBe(1)
        expect(printed()).not.toContain('QEVM')
      })

      test(`${name}: relay gives it nothing`, async () => {
        const { port, printed } = await startServer(server, described)
        const entry = join(scratchFolder(), 'entry')
        const options = ownOptions('client', described)
        const relay = await startRelay(`unix:${entry}`, `tcp:localhost:${port}`, options)
        const guest = await connectPlain(entry)
        guest.write('QEVM')
        // It sees an end, or an error where its memory was not taken.
        await readAll(guest).catch(() => {})
        guest.destroy()
        expect(await relay.says(/#1 .*ended:/)).toMatch(inLog(described.code))
        expect(printed()).not.toContain('QEVM')
      })
    }
  })
}
