/** Who is refused, by which side, with which code; and that no byte of the guest goes further. */
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder, writeFiles } from '../../cli/command.ts'
import { AUTHORITY, type Description, ENDPOINT, make } from '../../x509/made-certificate.ts'
import { connectPlain, listenPlain, readAll } from './plain-ends.ts'
import { type PairOptions, startPairInProcess } from './relay-process.ts'

const NAMES = [[0x82, Buffer.from('localhost')]] as const

const authority = make({ subject: 'Lab CA', ...AUTHORITY })
const other = make({ subject: 'Other CA', ...AUTHORITY })

/** A folder with an authority and one certificate. */
function folderOf(
  role: 'server' | 'client',
  description: Description = {},
  trusted = authority,
): string {
  const folder = scratchFolder()
  const made = make({ subject: role, issuer: authority, names: NAMES, ...ENDPOINT, ...description })
  const [certificate, key] = [`${role}-cert.pem`, `${role}-key.pem`]
  writeFiles(folder, {
    'ca-cert.pem': trusted.certificate,
    [certificate]: made.certificate,
    [key]: made.key,
  })
  chmodSync(join(folder, key), 0o600)
  return folder
}

function clientFolderWithoutCertificate(): string {
  const folder = folderOf('client')
  for (const name of ['client-cert.pem', 'client-key.pem']) rmSync(join(folder, name))
  return folder
}

const UNCHECKED = 'sanity-check=off'

type Refusal = PairOptions & {
  /** Codes in the logs of both sides. */
  readonly source: RegExp
  readonly destination: RegExp
}

/** The client is done with its handshake before a server of TLS 1.3 judges it. */
const SEEN_BY_CLIENT = /RELAY_NOT_ANSWERED|TLS_CONNECTION_CLOSED/

/** A server of TLS 1.3 has let a client in that then refuses it. */
const SEEN_BY_SERVER = /RELAY_NOTHING_CAME|TLS_CONNECTION_CLOSED/

const REFUSALS: readonly (readonly [name: string, describe: () => Refusal])[] = [
  [
    'wrong name',
    () => ({
      sourceArgs: ['--tls-hostname', 'other.example.com'],
      source: /TLS_HOST_MISMATCH/,
      destination: SEEN_BY_SERVER,
    }),
  ],
  [
    'server of another authority',
    () => ({
      sourceDir: `${folderOf('client', {}, other)},${UNCHECKED}`,
      source: /TLS_CERTIFICATE_NO_ISSUER/,
      destination: SEEN_BY_SERVER,
    }),
  ],
  [
    'server that has expired',
    () => ({
      destinationDir: `${folderOf('server', { from: -2, until: -1 })},${UNCHECKED}`,
      source: /TLS_CERTIFICATE_EXPIRED/,
      destination: SEEN_BY_SERVER,
    }),
  ],
  [
    'client of another authority',
    () => ({
      sourceDir: `${folderOf('client', { issuer: other })},${UNCHECKED}`,
      source: SEEN_BY_CLIENT,
      destination: /TLS_CERTIFICATE_NO_ISSUER/,
    }),
  ],
  [
    'client that has expired',
    () => ({
      sourceDir: `${folderOf('client', { from: -2, until: -1 })},${UNCHECKED}`,
      source: SEEN_BY_CLIENT,
      destination: /TLS_CERTIFICATE_EXPIRED/,
    }),
  ],
  [
    'client without a certificate',
    () => ({
      sourceDir: clientFolderWithoutCertificate(),
      source: SEEN_BY_CLIENT,
      destination: /TLS_NO_PEER_CERTIFICATE/,
    }),
  ],
  [
    'client that is not authorized',
    () => ({
      destinationArgs: [...['--object', 'authz-list,id=who,policy=deny', '--tls-authz', 'who']],
      source: SEEN_BY_CLIENT,
      destination: /TLS_NOT_AUTHORIZED/,
    }),
  ],
]

describe('no byte of the guest goes further', () => {
  for (const [name, describeRefusal] of REFUSALS) {
    test(name, async () => {
      const refusal = describeRefusal()
      const folders = { sourceDir: folderOf('client'), destinationDir: folderOf('server') }
      const pair = await startPairInProcess({ ...folders, ...refusal })
      const qemu = await listenPlain(pair.exit)
      const guest = await connectPlain(pair.entry)
      guest.write(Buffer.alloc(65_536))
      // It sees an end, or an error where its memory was not taken.
      await readAll(guest).catch(() => {})
      guest.destroy()
      const source = await pair.source.says(/#1 .*ended:/)
      expect(source).toMatch(refusal.source)
      expect(await pair.destination.says(/#1 .*ended:/)).toMatch(refusal.destination)
      expect(qemu.connections).toEqual([])
    })
  }
})
