/**
 * Real peers with certificates that prove nothing are refused, whether OpenSSL verifies chains in our
 * handshakes or was kept from it. Without addons Node.js cannot reach the functions for that.
 */
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished } from 'vitest'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { element, pem, sequence } from '../tls/certificates.ts'
import { CLIENT, credentialFolder, endpoint, names, ROOT_CA } from '../tls/objects/folder.ts'
import { costlyChain } from '../x509/costly-chain.ts'
import { AUTHORITY, type Made, make } from '../x509/made-certificate.ts'
import { runPeer, startPeer } from './tls-peer.ts'

const LIMIT = 120_000

const LOCALHOST = { subject: 'localhost', names: names(['dns', 'localhost']) }
const OTHER_ROOT = make({ ...ROOT_CA.description })
const LEVEL_1 = make({ subject: 'Level 1', issuer: ROOT_CA, ...AUTHORITY })
const FALSE_LEVEL = make({ subject: 'Level 1', issuer: OTHER_ROOT, ...AUTHORITY }, LEVEL_1)
const GOOD = endpoint(LOCALHOST)

/** Its signature is no longer good: the last byte is one of the signature. */
function damaged(made: Made): Made {
  const raw = Buffer.from(made.raw)
  raw[raw.length - 1]! ^= 1
  return { ...made, raw, certificate: pem(raw) }
}

/** A key that says that it belongs to a certificate, and signs with a number of its own (RFC 5915). */
function forgedKey(victim: Made): string {
  const { d = '' } = make({ subject: 'mallory' }).privateKey.export({ format: 'jwk' })
  const spki = victim.publicKey.export({ type: 'spki', format: 'der' })
  const curve = Buffer.from('06082a8648ce3d030107', 'hex')
  // The public point is the end of the SubjectPublicKeyInfo of P-256.
  const point = element(0x03, Buffer.concat([Buffer.from([0]), spki.subarray(-65)]))
  const version = element(0x02, Buffer.from([1]))
  const number = element(0x04, Buffer.from(d, 'base64url'))
  return pem(
    sequence(version, number, element(0xa0, curve), element(0xa1, point)),
    'EC PRIVATE KEY',
  )
}

type Shown = {
  readonly chain: readonly Made[]
  readonly key?: string
  readonly code: string
  /** Whether GnuTLS shows it too, which looks at what it is given and takes few certificates. */
  readonly isPlausible?: false
  /** Whether it is one of the few that are tried where failures make an address wait. */
  readonly isBrief?: true
}

const CASES: Readonly<Record<string, Shown>> = {
  'a good certificate': { chain: [GOOD], code: 'pass', isBrief: true },
  'a good chain': { chain: [endpoint(LOCALHOST, LEVEL_1), LEVEL_1], code: 'pass' },
  'a bad signature': {
    chain: [damaged(GOOD)],
    code: 'TLS_CERTIFICATE_BAD_SIGNATURE',
    isBrief: true,
  },
  'a bad signature above': {
    chain: [endpoint(LOCALHOST, LEVEL_1), FALSE_LEVEL],
    code: 'TLS_CERTIFICATE_BAD_SIGNATURE',
  },
  'another authority of the same name': {
    chain: [endpoint(LOCALHOST, OTHER_ROOT), OTHER_ROOT],
    isBrief: true,
    code: 'TLS_CERTIFICATE_BAD_SIGNATURE',
  },
  'an expired certificate': {
    chain: [endpoint({ ...LOCALHOST, until: -1 })],
    code: 'TLS_CERTIFICATE_EXPIRED',
  },
  'a self-signed certificate': { chain: [make(LOCALHOST)], code: 'TLS_CERTIFICATE_NO_ISSUER' },
  'the key of another': {
    chain: [GOOD],
    key: forgedKey(GOOD),
    code: 'TLS_HANDSHAKE_FAILED',
    isPlausible: false,
    isBrief: true,
  },
  'a costly chain': {
    chain: costlyChain('ec-secp521r1', 16),
    code: 'TLS_CERTIFICATE_NO_ISSUER',
    isPlausible: false,
  },
  'a chain that is too long': {
    chain: costlyChain('ec-secp521r1', 17),
    code: 'TLS_CERTIFICATE_CHAIN_TOO_LONG',
    isPlausible: false,
  },
}

/** Files of what a peer shows. */
function filesOf({ chain, key = chain[0]?.key ?? '' }: Shown): Files {
  const folder = scratchFolder()
  const pems = chain.map(({ certificate }) => certificate)
  writeFiles(folder, { chain: pems.join(''), key, others: pems.slice(1).join('') })
  const [all, keyFile, others] = ['chain', 'key', 'others'].map((name) => join(folder, name))
  return { chain: `${all}`, key: `${keyFile}`, others: pems.length > 1 ? [`${others}`] : [] }
}

type Files = {
  readonly chain: string
  readonly key: string
  /** Of the certificates above the first, where there are any. */
  readonly others: readonly string[]
}

const ENDPOINT = join(import.meta.dirname, '..', 'tls', 'objects', 'session-endpoint.ts')

/** The lines that an endpoint of ours prints. */
function startOurs(flags: readonly string[], ...args: readonly string[]): AsyncIterator<string> {
  const child = spawn(process.execPath, ['--no-warnings', ...flags, ENDPOINT, ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stderr.resume()
  return createInterface(child.stdout)[Symbol.asyncIterator]()
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value } = await lines.next()
  return `${value}`
}

type Peer = {
  readonly client: (port: number, files?: Files) => readonly string[]
  readonly server: (port: number, files: Files) => readonly string[]
  readonly programs: { readonly client: string; readonly server: string }
  /** Whether it shows whatever it is given. */
  readonly isCareless: boolean
}

function opensslOptions({ chain, key, others }: Files): readonly string[] {
  return ['-cert', chain, '-key', key, ...others.flatMap((file) => ['-cert_chain', file])]
}

const PEERS: readonly Peer[] = [
  {
    programs: { client: 'openssl', server: 'openssl' },
    isCareless: true,
    client: (port, files) => [
      // It stays until it was judged: a client that has left is told as one that has left.
      ...['s_client', '-ign_eof', '-connect', `127.0.0.1:${port}`],
      ...(files ? opensslOptions(files) : []),
    ],
    server: (port, files) => ['s_server', '-accept', `${port}`, ...opensslOptions(files)],
  },
  {
    programs: { client: 'gnutls-cli', server: 'gnutls-serv' },
    isCareless: false,
    client: (port, files) => [
      ...['--insecure', '-p', `${port}`, '127.0.0.1'],
      ...(files ? ['--x509certfile', files.chain, '--x509keyfile', files.key] : []),
    ],
    server: (port, { chain, key }) => [
      ...['-p', `${port}`, '--x509certfile', chain, '--x509keyfile', key, '-q'],
    ],
  },
]

const MODES = { 'kept from verifying': [], verifying: ['--no-addons'] } as const

for (const [mode, flags] of Object.entries(MODES)) {
  for (const { programs, client, server, isCareless } of PEERS) {
    const cases = Object.entries(CASES).filter(
      ([, { isPlausible, isBrief }]) =>
        (isCareless || isPlausible !== false) && (flags.length === 0 || isBrief),
    )
    describe(`with OpenSSL ${mode}`, () => {
      testWith(
        programs.client,
        'a server lets in those alone who prove who they are',
        async () => {
          const ours = startOurs(flags, 'server', credentialFolder())
          const port = Number(await nextLine(ours))
          const codes: Record<string, string> = {}
          for (const [name, shown] of cases) {
            await runPeer(programs.client, client(port, filesOf(shown)))
            codes[name] = await nextLine(ours)
          }
          await runPeer(programs.client, client(port))
          codes['no certificate'] = await nextLine(ours)
          expect(codes).toEqual({
            ...Object.fromEntries(cases.map(([name, { code }]) => [name, code])),
            'no certificate': 'TLS_NO_PEER_CERTIFICATE',
          })
        },
        LIMIT,
      )

      testWith(
        programs.server,
        'a client goes on with those alone who prove who they are',
        async () => {
          const ports = await Promise.all(
            cases.map(([, shown]) => {
              const files = filesOf(shown)
              return startPeer(programs.server, (port) => server(port, files))
            }),
          )
          const folder = credentialFolder({ client: [CLIENT] })
          const ours = startOurs(flags, 'client', folder, ...ports.map(String))
          const codes: Record<string, string> = {}
          for (const [name] of cases) codes[name] = await nextLine(ours)
          expect(codes).toEqual(Object.fromEntries(cases.map(([name, { code }]) => [name, code])))
        },
        LIMIT,
      )
    })
  }
}
