/** GnuTLS and QEMU under a configuration that update-policies wrote: they do what we say they do. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, getCiphers, type TLSSocket } from 'node:tls'
import { expect, onTestFinished } from 'vitest'
import type { AllowedTls } from '../../src/algorithms/allowed-tls.ts'
import { opensslSuiteName } from '../../src/algorithms/tls-suite-openssl.ts'
import { canNegotiate, TLS_SUITES, type TlsSuite } from '../../src/algorithms/tls-suites.ts'
import { allowedTls } from '../../src/priority/evaluate.ts'
import { requirePriority } from '../../src/priority/failure/failure-diagnostics.ts'
import { GNUTLS_RELEASES, type GnutlsRelease } from '../../src/priority/releases.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import { runFile } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { type ChildProcess, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { makeCredentials } from './credentials.ts'

/** Drop-ins of programs: one per keyword, narrower than the policy in different ways. */
const DROP_INS = {
  'local.d/gnutls-qemu.config':
    'QEMU=NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AEAD:+AES-256-GCM:+CHACHA20-POLY1305:+ECDHE-RSA:+GROUP-SECP384R1:+GROUP-X25519:+SIGN-RSA-SHA256:+SIGN-RSA-PSS-RSAE-SHA256\n',
  'local.d/gnutls-libvirt.config':
    'LIBVIRT=NONE:+VERS-TLS1.2:+AEAD:+AES-128-GCM:+ECDHE-RSA:+GROUP-SECP256R1:+SIGN-RSA-SHA256:+SIGN-RSA-PSS-RSAE-SHA256\n',
}

type Setup = { readonly config: string; readonly allowed: AllowedTls }

/** A host with the policy and the drop-ins in force, and what a string means there. */
function setUp(policy: string, priority: string, files: Readonly<Record<string, string>>): Setup {
  const host = new Host(files)
  host.set(policy)
  const config = host.path('back-ends', 'gnutls.config')
  const parsed = parseSystemConfig({ name: config, text: host.read('back-ends', 'gnutls.config') })
  const given = { name: 'priority', text: priority }
  const evaluation = requirePriority(given, { config: parsed, release: installedRelease() })
  return { config, allowed: allowedTls(evaluation) }
}

function installedRelease(): GnutlsRelease {
  const version = /\d+\.\d+\.\d+/.exec(runFile('gnutls-cli', ['--version']).stdout)?.[0]
  return GNUTLS_RELEASES.find((release) => release === version) ?? 'newest'
}

/** Starts a server under the configuration; it ends with the test. */
function startServer(program: string, args: readonly string[], config: string): ChildProcess {
  const env = { ...process.env, GNUTLS_SYSTEM_PRIORITY_FILE: config }
  const child = spawn(program, args, { stdio: 'ignore', env })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function connectWhenReady(address: { port: number } | { path: string }): Promise<Socket> {
  for (let attempt = 0; attempt < 5000; attempt++) {
    const socket = connect({ host: '127.0.0.1', ...address })
    try {
      await once(socket, 'connect')
      return socket
    } catch {
      await sleep(50)
    }
  }
  throw new Error('the server does not listen')
}

/** Asks an NBD server for TLS (NBD_OPT_STARTTLS) and returns when it agrees. */
async function startNbdTls(socket: Socket): Promise<void> {
  await readExactly(socket, 18)
  socket.write(Buffer.from('00000003' + '49484156454f5054' + '00000005' + '00000000', 'hex'))
  const reply = await readExactly(socket, 20)
  expect(reply.toString('hex')).toBe('0003e889045565a9' + '00000005' + '00000001' + '00000000')
}

async function readExactly(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(length) as Buffer | null
    if (bytes) return bytes
    await once(socket, 'readable')
  }
}

/** The suites that an RSA certificate serves and that this runtime can offer. */
const OFFERED = TLS_SUITES.filter(({ keyExchange }) =>
  [undefined, 'RSA', 'ECDHE-RSA', 'DHE-RSA'].includes(keyExchange),
).filter((suite) => getCiphers().includes((opensslSuiteName(suite) ?? '').toLowerCase()))

/** Whether a handshake that offers one suite, in the version that has it, comes about. */
async function negotiates(socket: Socket, suite: TlsSuite): Promise<boolean> {
  const version = suite.keyExchange === undefined ? 'TLSv1.3' : 'TLSv1.2'
  const name = opensslSuiteName(suite) ?? ''
  const session: TLSSocket = connectTls({
    socket,
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
    ciphers: version === 'TLSv1.3' ? name : `${name}:@SECLEVEL=0`,
  })
  try {
    await once(session, 'secureConnect')
    expect(session.getCipher().standardName).toBe(suite.name)
    return true
  } catch {
    return false
  } finally {
    session.destroy()
  }
}

function isAllowed(allowed: AllowedTls, suite: TlsSuite): boolean {
  const name = suite.keyExchange === undefined ? 'TLS1.3' : 'TLS1.2'
  const version = allowed.versions.find((one) => one.name === name)
  return version !== undefined && canNegotiate(suite, version) && allowed.suites.includes(suite)
}

/** Offers every suite alone and compares what the server takes with what the string allows. */
async function expectExactly(allowed: AllowedTls, open: () => Promise<Socket>): Promise<void> {
  const taken: string[] = []
  for (const suite of OFFERED) if (await negotiates(await open(), suite)) taken.push(suite.name)
  const expected = OFFERED.filter((suite) => isAllowed(allowed, suite)).map(({ name }) => name)
  expect(taken).toEqual(expected)
  expect(taken.length).toBeGreaterThan(0)
}

for (const [policy, priority, files] of [
  ['DEFAULT', '@QEMU,SYSTEM', DROP_INS],
  ['DEFAULT', '@QEMU,SYSTEM', {}],
  ['FUTURE', '@LIBVIRT,SYSTEM', DROP_INS],
  ['FUTURE', '@LIBVIRT,SYSTEM', {}],
] as const) {
  const dropIns = Object.keys(files).length > 0 ? 'with drop-ins' : 'without drop-ins'
  testWith('gnutls-serv', `takes what ${priority} allows under ${policy} ${dropIns}`, async () => {
    const credentials = makeCredentials()
    const { config, allowed } = setUp(policy, priority, files)
    const port = await freePort()
    const key = ['--x509keyfile', join(credentials, 'server-key.pem')]
    const certificate = ['--x509certfile', join(credentials, 'server-cert.pem')]
    const args = ['--echo', '--quiet', '--port', String(port), '--priority', priority]
    startServer('gnutls-serv', [...args, ...key, ...certificate], config)
    await expectExactly(allowed, () => connectWhenReady({ port }))
  })
}

testWith('qemu-nbd', 'takes what @QEMU,SYSTEM allows when it asks for its own string', async () => {
  const credentials = makeCredentials()
  const { config, allowed } = setUp('DEFAULT', '@QEMU,SYSTEM', DROP_INS)
  const path = join(credentials, 'nbd.sock')
  const object = `tls-creds-x509,id=tls0,dir=${credentials},endpoint=server,verify-peer=off,priority=@QEMU,,SYSTEM`
  const disk = join(credentials, 'disk')
  runFile('truncate', ['--size=1M', disk])
  const share = ['--persistent', '--shared=0', '--format=raw', '--socket', path]
  startServer('qemu-nbd', ['--object', object, '--tls-creds', 'tls0', ...share, disk], config)
  await expectExactly(allowed, async () => {
    const socket = await connectWhenReady({ path })
    await startNbdTls(socket)
    return socket
  })
})

testWith('gnutls-cli', 'offers as a client what @LIBVIRT,SYSTEM allows', async () => {
  const credentials = makeCredentials()
  const { config, allowed } = setUp('DEFAULT', '@LIBVIRT,SYSTEM', DROP_INS)
  const port = await freePort()
  const key = ['--x509keyfile', join(credentials, 'server-key.pem')]
  const certificate = ['--x509certfile', join(credentials, 'server-cert.pem')]
  startServer(
    'gnutls-serv',
    ['--echo', '--quiet', '--port', String(port), ...key, ...certificate],
    '/dev/null',
  )
  ;(await connectWhenReady({ port })).destroy()
  const client = [
    '--insecure',
    '--port',
    String(port),
    '--priority',
    '@LIBVIRT,SYSTEM',
    '127.0.0.1',
  ]
  const env = { GNUTLS_SYSTEM_PRIORITY_FILE: config }
  const { stdout } = runFile('/bin/sh', ['-c', `echo | gnutls-cli ${client.join(' ')}`], { env })
  const description = /Description: (.*)/.exec(stdout)?.[1]
  expect(description, stdout).toBe('(TLS1.2-X.509)-(ECDHE-SECP256R1)-(RSA-SHA256)-(AES-128-GCM)')
  expect(allowed.suites.map(({ name }) => name)).toEqual(['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'])
})
