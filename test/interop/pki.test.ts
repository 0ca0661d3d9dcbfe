/** What `pki` issues, judged by those who will read it. */

import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkCredentials } from '../../src/pki/credential-check.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import { replacePsk } from '../../src/pki/psk-file.ts'
import { scratchFolder } from '../cli/command.ts'
import { spawnSync } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { issue, makeAuthority, strengthOf } from '../pki/credentials.ts'
import { runPeer, startPeer } from './tls-peer.ts'

/** Every kind that the releases of today's distributions can read. */
const KINDS = [
  'rsa:3072',
  'ecdsa:secp256r1',
  'ecdsa:secp384r1',
  'ecdsa:secp521r1',
  'ed25519',
  'ed448',
]

const LIMIT = 60_000

function judge(program: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8' })
  return `${status} ${stdout}${stderr}`
}

/**
 * Keys under an authority: of its own kind and of the next, so that each kind is signed by two and
 * signs two. Who signs and what is signed have nothing to do with each other.
 */
function kindsUnder(kind: string): readonly string[] {
  const next = KINDS[(KINDS.indexOf(kind) + 1) % KINDS.length] ?? kind
  return [kind, next]
}

/** Certificates for both roles by an authority. */
function issueAll(
  authority: string,
  kinds: readonly string[],
): readonly { role: 'server' | 'client'; file: string }[] {
  return kinds.flatMap((kind) =>
    (['server', 'client'] as const).map((role) => {
      const { certificate } = issue(authority, role, kind)
      const file = join(authority, `${role}-${kind.replace(':', '-')}.pem`)
      writeFileSync(file, certificate.toString())
      return { role, file }
    }),
  )
}

describe.each(KINDS)('an authority with %s', (kind) => {
  // What both programs judge is made once.
  const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
  const ca = join(folder, 'ca-cert.pem')
  let issued: ReturnType<typeof issueAll> = []
  beforeAll(() => {
    issued = issueAll(makeAuthority(kind, folder), kindsUnder(kind))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  testWith('openssl', 'satisfies openssl verify, strictly, for every role', () => {
    expect(issued).toHaveLength(4)
    for (const { role, file } of issued) {
      const purpose = role === 'server' ? 'sslserver' : 'sslclient'
      const args = ['verify', '-x509_strict', '-check_ss_sig', '-purpose', purpose]
      expect(judge('openssl', [...args, '-CAfile', ca, file])).toBe(`0 ${file}: OK\n`)
    }
  })

  testWith('certtool', 'satisfies certtool --verify under the profile of the policy', () => {
    expect(issued).toHaveLength(4)
    for (const { role, file } of issued) {
      const purpose = role === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2'
      const args = ['--verify', '--verify-profile=high', `--verify-purpose=${purpose}`]
      const files = [`--load-ca-certificate=${ca}`, `--infile=${file}`]
      expect(judge('certtool', [...args, ...files])).toMatch(
        /^0 [\s\S]*verification output: Verified/,
      )
      const chain = join(folder, 'chain.pem')
      writeFileSync(chain, readFileSync(file, 'utf8') + readFileSync(ca, 'utf8'))
      expect(judge('certtool', ['--verify-chain', `--infile=${chain}`])).toMatch(
        /^0 [\s\S]*Chain verification output: Verified/,
      )
    }
  })

  test('satisfies our own check', () => {
    for (const other of kindsUnder(kind)) {
      // A host never has the key of the authority.
      const host = scratchFolder()
      const out = layoutAt('qemu', host)
      issue(folder, 'server', other, { out })
      issue(folder, 'client', other, { out })
      const report = checkCredentials({
        root: host,
        strength: strengthOf(),
        hostname: 'localhost',
      })
      expect(report.diagnostics).toEqual([])
    }
  })
})

/** What a client of QEMU says of an export. */
function inspect(port: number, credentials: string): ReturnType<typeof runPeer> {
  return runPeer('qemu-img', [
    'info',
    ...['--object', `${credentials},id=tls0,endpoint=client`],
    ...['--image-opts', `driver=nbd,host=localhost,port=${port},tls-creds=tls0,export=disk`],
  ])
}

function serve(credentials: string): Promise<number> {
  const file = join(scratchFolder(), 'disk')
  writeFileSync(file, Buffer.alloc(65_536))
  return startPeer('qemu-nbd', (port) => [
    ...['--object', `${credentials},id=tls0,endpoint=server`, '--tls-creds', 'tls0'],
    ...['-t', '-e', '4', '-x', 'disk', '-f', 'raw', '-b', '127.0.0.1', '-p', String(port), file],
  ])
}

describe('qemu', () => {
  for (const kind of KINDS) {
    testWith(
      'qemu-nbd',
      `serves and reads a disk with mutual TLS and keys ${kind}`,
      async () => {
        const folder = makeAuthority(kind)
        issue(folder, 'server', kind)
        issue(folder, 'client', kind)
        const port = await serve(`tls-creds-x509,dir=${folder},verify-peer=on`)
        const { status, output } = await inspect(port, `tls-creds-x509,dir=${folder}`)
        expect(output).toContain('virtual size: 64 KiB')
        expect(status).toBe(0)
      },
      LIMIT,
    )
  }

  testWith(
    'qemu-nbd',
    'refuses a client of another authority',
    async () => {
      const [folder, other] = [makeAuthority('ed25519'), makeAuthority('ed25519')]
      issue(folder, 'server', 'ed25519')
      issue(other, 'client', 'ed25519')
      writeFileSync(join(other, 'ca-cert.pem'), readFileSync(join(folder, 'ca-cert.pem')))
      const port = await serve(`tls-creds-x509,dir=${folder},verify-peer=on`)
      const { status } = await inspect(port, `tls-creds-x509,dir=${other},sanity-check=off`)
      expect(status).not.toBe(0)
    },
    LIMIT,
  )

  testWith(
    'qemu-nbd',
    'takes pre-shared keys, and a new one at once',
    async () => {
      const folder = scratchFolder()
      replacePsk({ folder, user: 'other' })
      replacePsk({ folder, user: 'qemu' })
      const port = await serve(`tls-creds-psk,dir=${folder}`)
      const client = `tls-creds-psk,dir=${folder},username=qemu`
      expect((await inspect(port, client)).output).toContain('virtual size: 64 KiB')
      replacePsk({ folder, user: 'qemu' })
      expect((await inspect(port, client)).output).toContain('virtual size: 64 KiB')
    },
    LIMIT,
  )
})

describe('gnutls', () => {
  for (const kind of KINDS) {
    testWith(
      'gnutls-serv',
      `connects with mutual TLS and keys ${kind}`,
      async () => {
        const folder = makeAuthority(kind)
        const server = issue(folder, 'server', kind)
        const client = issue(folder, 'client', kind)
        const ca = `--x509cafile=${join(folder, 'ca-cert.pem')}`
        const port = await startPeer('gnutls-serv', (port) => [
          ...['--echo', `--port=${port}`, '--require-client-cert', '--verify-client-cert', ca],
          ...[`--x509certfile=${server.certificateFile}`, `--x509keyfile=${server.keyFile}`],
        ])
        const { status, output } = await runPeer('gnutls-cli', [
          ...[ca, `--port=${port}`, 'localhost'],
          ...[`--x509certfile=${client.certificateFile}`, `--x509keyfile=${client.keyFile}`],
        ])
        expect(output).toContain('Status: The certificate is trusted.')
        expect(output).toContain('Handshake was completed')
        expect(status).toBe(0)
      },
      LIMIT,
    )
  }
})

test.each(['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'])(
  'node:tls connects with keys %s',
  async (kind) => {
    const folder = makeAuthority(kind)
    issue(folder, 'server', kind)
    issue(folder, 'client', kind)
    const read = (name: string) => readFileSync(join(folder, name))
    const ca = read('ca-cert.pem')
    const server = createServer(
      {
        ca,
        cert: read('server-cert.pem'),
        key: read('server-key.pem'),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (socket) => socket.end('hello'),
    )
    onTestFinished(() => void server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const credentials = { ca, cert: read('client-cert.pem'), key: read('client-key.pem') }
    const socket = connect({ ...credentials, port, host: 'localhost', servername: 'localhost' })
    const [data] = await once(socket, 'data')
    expect(String(data)).toBe('hello')
    expect(socket.authorized).toBe(true)
    expect(socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType).toBe(kind)
  },
)
