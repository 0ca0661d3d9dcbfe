import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import type { TlsCredentials } from '../../src/tls/credentials/credentials.ts'
import type { AcceptSessionOptions } from '../../src/tls/credentials/session-options.ts'
import type { TlsSession } from '../../src/tls/credentials/tls-session.ts'
import { runFile } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { credentialFolder } from '../tls/objects/folder.ts'
import { objectsOf } from '../tls/objects/meeting.ts'
import { authzList, SESSION_CASES } from '../tls/objects/session-cases.ts'
import { runPeer, startPeer } from './tls-peer.ts'

const LIMIT = 60_000

const OPTION = '49484156454f5054'
const REPLY = '0003e889045565a9'
const GREETING = Buffer.from(`4e42444d41474943${OPTION}0003`, 'hex')

/** Takes whatever is there: what is left over is put back. */
async function read(socket: Socket | TLSSocket, length: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  while (bytes.length < length) {
    const more = socket.read() as Buffer | null
    if (more) bytes = Buffer.concat([bytes, more])
    else if (socket.readableEnded || socket.destroyed) throw new Error('the peer left')
    else await activity(socket)
  }
  if (bytes.length > length) socket.unshift(bytes.subarray(length))
  return bytes.subarray(0, length)
}

function activity(socket: Socket | TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'close', 'error']
    const stop = (): void => {
      for (const event of events) socket.off(event, stop)
      resolve()
    }
    for (const event of events) socket.on(event, stop)
  })
}

/** Asks an NBD server for TLS. */
async function askForTls(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await read(socket, 18)
  socket.write(Buffer.from(`00000003${OPTION}0000000500000000`, 'hex'))
  expect((await read(socket, 20)).toString('hex')).toBe(`${REPLY}000000050000000100000000`)
  return socket
}

/** Whether an NBD server answers inside TLS. */
async function isServed({ socket }: TlsSession): Promise<boolean> {
  try {
    socket.write(Buffer.from(`${OPTION}0000000300000000`, 'hex'))
    return (await read(socket, 8)).toString('hex') === REPLY
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Serves TLS as an NBD server does, and then nothing; gives what came of the first client. */
async function serveOnce(
  credentials: TlsCredentials,
  options: AcceptSessionOptions,
): Promise<{ port: number; accepted: Promise<string> }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const accepted = once(server, 'connection').then(async ([connection]: Socket[]) => {
    if (!connection) throw new Error('no client came')
    connection.write(GREETING)
    await read(connection, 4 + 16)
    connection.write(Buffer.from(`${REPLY}000000050000000100000000`, 'hex'))
    return codeOf(credentials.accept(connection, options))
  })
  return { port: (server.address() as AddressInfo).port, accepted }
}

async function codeOf(session: Promise<TlsSession>): Promise<string> {
  try {
    const { socket } = await session
    socket.destroy()
    return 'pass'
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]?.code ?? ''
    throw error
  }
}

function x509(id: string, side: 'server' | 'client', dir: string): string {
  return `tls-creds-x509,id=${id},endpoint=${side},dir=${dir}`
}

describe('the verdicts of QEMU', () => {
  for (const { name, server, client, hostname, rules, passes } of SESSION_CASES) {
    testWith(
      'qemu-nbd',
      `${name}, with QEMU as the server`,
      async () => {
        const disk = join(credentialFolder({ others: { disk: ' '.repeat(512) } }), 'disk')
        const authz = rules ? ['--object', authzList(rules), '--tls-authz', 'authz0'] : []
        const port = await startPeer('qemu-nbd', (at) => [
          ...['--object', x509('tls0', 'server', credentialFolder(server)), '--tls-creds', 'tls0'],
          ...[...authz, '--persistent', '--shared=0', '--format=raw', '--bind=127.0.0.1'],
          ...[`--port=${at}`, disk],
        ])
        const objects = objectsOf(x509('ours', 'client', credentialFolder(client)))
        const credentials = objects.credentials('ours', 'client')
        const connected = credentials.connect(await askForTls(port), { hostname })
        const ours = await connected.then(isServed, (error) => {
          expect(error).toBeInstanceOf(DiagnosticError)
          return undefined
        })
        expect(ours !== undefined).toBe(passes.client)
        if (ours !== undefined) expect(ours).toBe(passes.server)
      },
      LIMIT,
    )

    testWith(
      'qemu-nbd',
      `${name}, with QEMU as the client`,
      async () => {
        const objects = objectsOf(
          x509('ours', 'server', credentialFolder(server)),
          authzList(rules ?? []),
        )
        const authorization = rules && objects.authorization('authz0')
        const { port, accepted } = await serveOnce(objects.credentials('ours', 'server'), {
          authorization,
        })
        const { output } = await runPeer('qemu-nbd', [
          ...['--object', x509('tls0', 'client', credentialFolder(client)), '--tls-creds', 'tls0'],
          ...['--list', '--bind=127.0.0.1', `--port=${port}`, `--tls-hostname=${hostname}`],
        ])
        const code = await accepted
        // A client that refuses the server may leave before the handshake is done.
        if (passes.client) expect(code === 'pass', code).toBe(passes.server)
        else expect(code).not.toBe('TLS_NOT_AUTHORIZED')
        expect(!/certificate/i.test(output), output).toBe(passes.client)
      },
      LIMIT,
    )
  }

  testWith(
    'qemu-nbd',
    'a client without a certificate is refused by our server',
    async () => {
      const objects = objectsOf(x509('ours', 'server', credentialFolder()))
      const { port, accepted } = await serveOnce(objects.credentials('ours', 'server'), {})
      const dir = credentialFolder({ client: [] })
      await runPeer('qemu-nbd', [
        ...['--object', x509('tls0', 'client', dir), '--tls-creds', 'tls0'],
        ...['--list', '--bind=127.0.0.1', `--port=${port}`, '--tls-hostname=localhost'],
      ])
      expect(await accepted).toBe('TLS_NO_PEER_CERTIFICATE')
    },
    LIMIT,
  )
})

const VERSIONS = { 'TLS1.3': 'NORMAL', 'TLS1.2': 'NORMAL:-VERS-TLS1.3' } as const
const PSK = ':+ECDHE-PSK:+DHE-PSK:+PSK'

/** A folder with the key of `qemu`, as psktool makes it. */
function pskFolder(): { dir: string; key: string } {
  const dir = credentialFolder()
  const { stdout } = runFile('psktool', ['--username', 'qemu', '--pskfile', join(dir, 'keys.psk')])
  expect(stdout).toContain('keys.psk')
  const text = runFile('cat', [join(dir, 'keys.psk')]).stdout
  return { dir, key: text.trim().replace('qemu:', '') }
}

describe('shared keys', () => {
  for (const [version, priority] of Object.entries(VERSIONS)) {
    testWith(
      'gnutls-cli',
      `let gnutls-cli in over ${version}, and no other client`,
      async () => {
        const { dir, key } = pskFolder()
        const objects = objectsOf(`tls-creds-psk,id=ours,endpoint=server,dir=${dir}`)
        const credentials = objects.credentials('ours', 'server')
        const results: Promise<string>[] = []
        const server = createServer((connection) => {
          const accepting = credentials.accept(connection)
          accepting.then(({ socket }) => socket.end()).catch(() => {})
          const name = accepting.then(({ peer, protocol }) => `${peer.username} ${protocol}`)
          results.push(name.catch((error: DiagnosticError) => `${error.diagnostics[0]?.code}`))
        }).listen(0, '127.0.0.1')
        await once(server, 'listening')
        onTestFinished(() => void server.close())
        const { port } = server.address() as AddressInfo
        const run = (username: string, pskkey: string) =>
          runPeer('gnutls-cli', [
            ...[`--port=${port}`, `--priority=${priority}${PSK}`, '127.0.0.1'],
            ...[`--pskusername=${username}`, `--pskkey=${pskkey}`],
          ])
        await run('qemu', key)
        expect((await run('qemu', 'ab'.repeat(32))).status).not.toBe(0)
        expect((await run('eve', key)).status).not.toBe(0)
        expect(await Promise.all(results)).toEqual([
          `qemu ${version.replace('TLS', 'TLSv')}`,
          'TLS_WRONG_SHARED_KEY',
          'TLS_UNKNOWN_USER',
        ])
      },
      LIMIT,
    )

    testWith(
      'gnutls-serv',
      `are accepted by gnutls-serv over ${version}, a wrong one is not`,
      async () => {
        const { dir } = pskFolder()
        const port = await startPeer('gnutls-serv', (at) => [
          ...[`--port=${at}`, '--echo', `--priority=${priority}${PSK}`],
          ...['--pskpasswd', join(dir, 'keys.psk')],
        ])
        const other = credentialFolder({ others: { 'keys.psk': `qemu:${'ab'.repeat(32)}\n` } })
        const objects = objectsOf(
          `tls-creds-psk,id=right,dir=${dir}`,
          `tls-creds-psk,id=wrong,dir=${other}`,
        )
        const right = objects.credentials('right', 'client')
        const { socket, protocol } = await right.connect(connect(port, '127.0.0.1'))
        expect(protocol).toBe(version.replace('TLS', 'TLSv'))
        socket.write('echo\n')
        expect(String((await once(socket, 'data'))[0])).toBe('echo\n')
        socket.destroy()
        const wrong = objects.credentials('wrong', 'client')
        await expect(wrong.connect(connect(port, '127.0.0.1'))).rejects.toThrow(DiagnosticError)
      },
      LIMIT,
    )
  }

  testWith(
    'qemu-nbd',
    'work with QEMU on either side',
    async () => {
      const { dir } = pskFolder()
      const disk = join(credentialFolder({ others: { disk: ' '.repeat(512) } }), 'disk')
      const port = await startPeer('qemu-nbd', (at) => [
        ...['--object', `tls-creds-psk,id=tls0,endpoint=server,dir=${dir}`, '--tls-creds', 'tls0'],
        ...['--persistent', '--shared=0', '--format=raw', '--bind=127.0.0.1', `--port=${at}`, disk],
      ])
      const objects = objectsOf(
        `tls-creds-psk,id=client,dir=${dir}`,
        `tls-creds-psk,id=server,endpoint=server,dir=${dir}`,
      )
      const session = await objects.credentials('client', 'client').connect(await askForTls(port))
      expect(await isServed(session)).toBe(true)
      const ours = await serveOnce(objects.credentials('server', 'server'), {})
      await runPeer('qemu-nbd', [
        ...['--object', `tls-creds-psk,id=tls0,endpoint=client,dir=${dir}`, '--tls-creds', 'tls0'],
        ...['--list', '--bind=127.0.0.1', `--port=${ours.port}`],
      ])
      expect(await ours.accepted).toBe('pass')
    },
    LIMIT,
  )
})

testWith(
  'qemu-nbd',
  'anonymous credentials work with QEMU as the server',
  async () => {
    const disk = join(credentialFolder({ others: { disk: ' '.repeat(512) } }), 'disk')
    const port = await startPeer('qemu-nbd', (at) => [
      ...['--object', 'tls-creds-anon,id=tls0,endpoint=server', '--tls-creds', 'tls0'],
      ...['--persistent', '--shared=0', '--format=raw', '--bind=127.0.0.1', `--port=${at}`, disk],
    ])
    const objects = objectsOf('tls-creds-anon,id=ours')
    const session = await objects.credentials('ours', 'client').connect(await askForTls(port))
    expect(session).toMatchObject({ protocol: 'TLSv1.2', peer: {} })
    expect(await isServed(session)).toBe(true)
  },
  LIMIT,
)
