/** What OpenSSL sees of our handshakes: who is asked for a certificate, which name is asked for. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import type { TlsCredentials } from '../../src/tls/credentials/credentials.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import { hasPeer } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { makeIdentity } from '../tls/certificates.ts'
import { credentialFolder } from '../tls/objects/folder.ts'
import { objectsOf } from '../tls/objects/meeting.ts'
import { runPeer, startPeer } from './tls-peer.ts'

const isMissing = !hasPeer('openssl')

/** Accepts connections with the credentials; gives the port. */
async function listen(credentials: TlsCredentials): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    credentials.accept(socket).then(
      ({ socket: stream }) => stream.on('error', () => {}).end(),
      () => {},
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function messagesOf(verifyPeer: 'on' | 'off', version: string): Promise<string> {
  const folder = credentialFolder()
  const objects = objectsOf(
    `tls-creds-x509,id=t,endpoint=server,dir=${folder},verify-peer=${verifyPeer}`,
  )
  const port = await listen(objects.credentials('t', 'server'))
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-msg', version]
  return (await runPeer('openssl', args)).output
}

describe.skipIf(isMissing)('openssl s_client [openssl]', () => {
  for (const version of ['-tls1_2', '-tls1_3']) {
    test(`is asked for a certificate exactly where verify-peer is on (${version})`, async () => {
      expect(await messagesOf('on', version)).toContain('CertificateRequest')
      const without = await messagesOf('off', version)
      expect(without).toContain('ServerHello')
      expect(without).not.toContain('CertificateRequest')
    })
  }
})

/** Connects with credentials to a port; gives the code of the refusal, or `connected`. */
async function tryConnect(port: number, object: string): Promise<string> {
  const credentials = objectsOf(object).credentials('t', 'client')
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  try {
    const session = await credentials.connect(socket, { hostname: 'localhost' })
    session.socket.destroy()
    return 'connected'
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics[0]?.code ?? ''
  }
}

describe.skipIf(isMissing)('openssl s_server [openssl]', () => {
  const files = (folder: string) => [
    ...['-cert', join(folder, 'server-cert.pem'), '-key', join(folder, 'server-key.pem')],
    ...['-CAfile', join(folder, 'ca-cert.pem')],
  ]

  test('is asked for the name of the host (SNI)', async () => {
    const folder = credentialFolder()
    const port = await freePort()
    const args = ['s_server', '-accept', `127.0.0.1:${port}`, '-tlsextdebug', '-naccept', '2']
    const server = spawn('openssl', [...args, ...files(folder)])
    onTestFinished(() => void server.kill('SIGKILL'))
    let output = ''
    server.stdout.on('data', (data) => {
      output += data
    })
    server.stderr.resume()
    const object = `tls-creds-x509,id=t,endpoint=client,dir=${folder}`
    for (let code = ''; code !== 'connected'; ) code = await tryConnect(port, object)
    const name = /extension "server name".*\n0000 - [0-9a-f -]+ +(.+)\n/
    while (!name.test(output)) await once(server.stdout, 'data')
    expect(name.exec(output)?.[1]).toContain('localhost')
  })

  test('with a prime below the profile is refused, and with a larger one is not', async () => {
    const authority = makeIdentity('Root CA', 'rsa-2048')
    const identity = makeIdentity('localhost', 'rsa-2048', authority)
    const folder = scratchFolder()
    writeFiles(folder, {
      'ca-cert.pem': authority.certificate,
      'server-cert.pem': identity.certificate,
      'server-key.pem': identity.key,
    })
    const verdict = async (group: string, profile: string): Promise<string> => {
      const parameters = join(scratchFolder(), 'dh.pem')
      const make = ['genpkey', '-genparam', '-algorithm', 'DH', '-pkeyopt', `group:${group}`]
      runFile('openssl', [...make, '-out', parameters])
      const port = await startPeer('openssl', (port) => [
        ...['s_server', '-accept', `127.0.0.1:${port}`, '-dhparam', parameters, '-tls1_2'],
        ...['-cipher', 'DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0'],
        ...['-quiet', ...files(folder)],
      ])
      const priority = `NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA:${profile}`
      const object = `tls-creds-x509,id=t,endpoint=client,dir=${folder},priority=${priority}`
      return tryConnect(port, object)
    }
    expect(await verdict('modp_2048', '%PROFILE_MEDIUM')).toBe('connected')
    expect(await verdict('modp_1536', '%PROFILE_MEDIUM')).toMatch(/^TLS_/)
    expect(await verdict('modp_1536', '%PROFILE_LOW')).toBe('connected')
  })
})
