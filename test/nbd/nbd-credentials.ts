/** Credentials for NBD endpoints in the folder layout of QEMU, and the objects that they make. */
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TlsCredentials } from '../../src/tls/credentials/credentials.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { AUTHORITY, ENDPOINT, make } from '../x509/made-certificate.ts'

/** A folder with an authority, a server for localhost and 127.0.0.1, and a client. */
export function makeX509Folder(): string {
  const folder = scratchFolder()
  const authority = make({ subject: 'NBD Test CA', ...AUTHORITY })
  const dns = [0x82, Buffer.from('localhost')] as const
  const ip = [0x87, Buffer.from([127, 0, 0, 1])] as const
  const server = make({ subject: 'localhost', issuer: authority, names: [dns, ip], ...ENDPOINT })
  const client = make({ subject: 'client', issuer: authority, ...ENDPOINT })
  writeFiles(folder, {
    'ca-cert.pem': authority.certificate,
    'server-cert.pem': server.certificate,
    'server-key.pem': server.key,
    'client-cert.pem': client.certificate,
    'client-key.pem': client.key,
  })
  for (const name of ['server-key.pem', 'client-key.pem']) chmodSync(join(folder, name), 0o600)
  return folder
}

/** A folder with the shared key of one user. */
export function makePskFolder(username = 'qemu'): string {
  const folder = join(scratchFolder(), 'psk')
  mkdirSync(folder)
  writeFiles(folder, { 'keys.psk': `${username}:${randomBytes(32).toString('hex')}\n` })
  chmodSync(join(folder, 'keys.psk'), 0o600)
  return folder
}

/** The options of credentials. */
export function credentialsOf(kind: 'x509' | 'psk', dir: string, endpoint: string): string[] {
  return [
    '--object',
    `tls-creds-${kind},id=tls0,dir=${dir},endpoint=${endpoint}`,
    '--tls-creds',
    'tls0',
  ]
}

export function x509Credentials(dir: string, verifyPeer = 'on'): TlsCredentials {
  return credentials('tls-creds-x509', { dir, 'verify-peer': verifyPeer })
}

export function pskCredentials(dir: string): TlsCredentials {
  return credentials('tls-creds-psk', { dir })
}

function credentials(type: string, properties: Record<string, string>): TlsCredentials {
  const definition = { type, id: 'tls0', properties: { endpoint: 'client', ...properties } }
  return TlsObjects.create([definition]).credentials('tls0', 'client')
}
