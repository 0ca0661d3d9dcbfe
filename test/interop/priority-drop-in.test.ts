import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { expect, onTestFinished } from 'vitest'
import { Host } from '../cli/host.ts'
import { execFileSync, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'

/** A server that speaks TLS 1.0 and nothing else. */
async function startOldServer(folder: string): Promise<ReturnType<typeof createServer>> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-days', '2']
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...args, ...subject], { stdio: 'ignore' })
  const server = createServer({
    key: readFileSync(key),
    cert: readFileSync(cert),
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  })
  server.on('tlsClientError', () => {})
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

/** The version that gnutls-cli comes to, or undefined where the handshake fails. */
async function connect(host: Host, priority: string): Promise<string | undefined> {
  const server = await startOldServer(host.base)
  const versions: (string | null)[] = []
  server.on('secureConnection', (socket: TLSSocket) => {
    versions.push(socket.getProtocol())
    socket.on('error', () => {})
    socket.end()
  })
  const { port } = server.address() as AddressInfo
  const args = ['--insecure', '--priority', priority, '-p', String(port), '127.0.0.1']
  const client = spawn('gnutls-cli', args, {
    env: { ...process.env, GNUTLS_SYSTEM_PRIORITY_FILE: host.path('back-ends/gnutls.config') },
    stdio: 'ignore',
  })
  await once(client, 'exit')
  return versions[0] ?? undefined
}

testWith('gnutls-cli', 'GnuTLS does re-enable under an allowlist what we warn of', async () => {
  const host = new Host({ 'local.d/gnutls-libvirt.config': 'LIBVIRT=NORMAL\n' })
  const { stderr } = host.update(['--set', 'DEFAULT', '--no-reload'])
  expect(stderr).toMatch(/warning\[PRIORITY_REENABLES\]: .*TLS1\.0/)
  expect(await connect(host, '@SYSTEM')).toBeUndefined()
  expect(await connect(host, '@LIBVIRT,SYSTEM')).toBe('TLSv1')
})
