/** Sessions that are resumed carry no chain to check. Real clients resume here, by OpenSSL's own tickets. */
import { once } from 'node:events'
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { LiveCredentials } from '../../../src/tls/credentials/credentials.ts'
import type { X509Generation } from '../../../src/tls/credentials/credentials-generation.ts'
import { credentialFolder, ROOT_CA, SERVER } from '../objects/folder.ts'
import { objectsOf, openPair } from '../objects/meeting.ts'

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** Credentials of a server over any context of OpenSSL, as if it were the one that we make. */
function serverWith(
  context: X509Generation['context'],
  more: Partial<X509Generation> = {},
): LiveCredentials {
  const definition = `tls-creds-x509,id=s,endpoint=server,verify-peer=off,dir=${credentialFolder()}`
  const { settings } = objectsOf(definition).credentials('s', 'server')
  const generation: X509Generation = {
    ...{ kind: 'x509', endpoint: 'server', verifyPeer: false, settings, context },
    ...{
      isVerifiedByOpenssl: false,
      sendsTickets: false,
      ownCertificates: [],
      authorities: [],
      revocationLists: [],
      ...more,
    },
  }
  return new LiveCredentials('s', () => generation)
}

type Visit = { readonly server: string; readonly session: Buffer }

/** One handshake of a client of node:tls: how it went for the server, and what the client can resume. */
async function visit(
  server: LiveCredentials,
  version: (typeof VERSIONS)[number],
  session?: Buffer,
): Promise<Visit> {
  const [near, far] = await openPair()
  onTestFinished(() => void near.destroy())
  const accepted = server.accept(far).then(
    ({ socket }) => {
      socket.write('served')
      return 'accepted'
    },
    (error: unknown) => (error instanceof DiagnosticError ? error.diagnostics[0]?.code : undefined),
  )
  const client: TLSSocket = connectTls({
    ...{ socket: near, ca: ROOT_CA.certificate, servername: 'localhost' },
    ...{ minVersion: version, maxVersion: version, ...(session ? { session } : {}) },
  })
  client.on('error', () => {})
  let last = Buffer.alloc(0)
  client.on('session', (bytes) => {
    last = bytes
  })
  await Promise.race([once(client, 'data'), once(client, 'close')])
  return { server: (await accepted) ?? '', session: last }
}

test.each(VERSIONS)('a resumed session of %s is refused', async (version) => {
  const { certificate: cert, key } = SERVER
  const context = createSecureContext({ cert, key, ecdhCurve: 'X25519', sessionIdContext: 'any' })
  const server = serverWith(context)
  const first = await visit(server, version)
  expect(first.server).toBe('accepted')
  expect(first.session.length).toBeGreaterThan(0)
  expect((await visit(server, version, first.session)).server).toBe('TLS_RESUMED')
  expect((await visit(server, version)).server).toBe('accepted')
})

test.each(VERSIONS)('the context that we make resumes none in %s', async (version) => {
  const definition = `tls-creds-x509,id=s,endpoint=server,verify-peer=off,dir=${credentialFolder()},priority=NORMAL`
  const server = objectsOf(definition).credentials('s', 'server') as LiveCredentials
  const first = await visit(server, version)
  expect(first.server).toBe('accepted')
  // Clients of TLS 1.3 get their sessions by tickets alone (RFC 8446 section 4.6.1).
  if (version === 'TLSv1.3') expect(first.session.length).toBe(0)
  const session = first.session.length > 0 ? first.session : undefined
  expect((await visit(server, version, session)).server).toBe('accepted')
})

test.each([
  ['TLSv1.2', true, false],
  ['TLSv1.3', true, true],
  ['TLSv1.3', false, false],
] as const)('whether tickets of %s were sent is told: %s', async (version, sendsTickets, sent) => {
  const { certificate: cert, key } = SERVER
  const context = createSecureContext({ cert, key, ecdhCurve: 'X25519' })
  const [near, far] = await openPair()
  onTestFinished(() => void near.destroy())
  const accepted = serverWith(context, { sendsTickets }).accept(far)
  const only = { minVersion: version, maxVersion: version }
  const client = connectTls({
    socket: near,
    ca: ROOT_CA.certificate,
    servername: 'localhost',
    ...only,
  })
  client.on('error', () => {})
  expect((await accepted).sentTickets).toBe(sent)
})
