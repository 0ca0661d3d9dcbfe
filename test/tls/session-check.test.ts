import { duplexPair } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { tlsOptionsFor } from '../../src/library/tls.ts'
import {
  type AcceptOptions,
  acceptTls,
  type ConnectOptions,
  connectTls,
} from '../../src/tls/connection.ts'
import { type Identity, makeIdentity } from './certificates.ts'

type Side<Options> = { readonly priority: string; readonly options?: Options }

/** Connects two of our endpoints; gives the code of each side's error, or `connected`. */
async function meet(
  server: Identity,
  client: Side<ConnectOptions>,
  accept: Side<AcceptOptions> = { priority: LOOSE },
): Promise<{ server: string; client: string }> {
  const [near, far] = duplexPair()
  near.on('close', () => far.destroy())
  far.on('close', () => near.destroy())
  const credentials = { key: server.key, cert: server.certificate }
  const accepted = acceptTls(far, tlsOptionsFor(accept.priority, { role: 'server' }), {
    ...credentials,
    ...accept.options,
  })
  const connected = connectTls(near, tlsOptionsFor(client.priority, { role: 'client' }), {
    servername: server.name,
    ...client.options,
  })
  const [theirs, ours] = await Promise.allSettled([accepted, connected])
  return { server: codeOf(theirs), client: codeOf(ours) }
}

function codeOf(result: PromiseSettledResult<TLSSocket>): string {
  if (result.status === 'fulfilled') return 'connected'
  const { reason } = result
  return reason instanceof DiagnosticError ? `${reason.diagnostics[0]?.code}` : `${reason}`
}

const LOOSE = 'NORMAL:+VERS-ALL'
/** Neither TLS 1.0 nor SHA-1, so that the profile is OpenSSL's security level too. */
const NEW = 'NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1'

describe('checkSession', () => {
  const ca = makeIdentity('Root CA', 'rsa-2048')
  const trusting = (priority: string, root = ca): Side<ConnectOptions> => ({
    priority,
    options: { ca: root.certificate },
  })

  test('hands over a session that is allowed', async () => {
    const server = makeIdentity('localhost', 'ec-prime256v1', ca)
    const result = await meet(server, trusting('NORMAL:%PROFILE_MEDIUM'))
    expect(result).toEqual({ server: 'connected', client: 'connected' })
  })

  test('refuses a peer whose key is below the profile', async () => {
    const server = makeIdentity('localhost', 'rsa-1024', ca)
    expect((await meet(server, trusting('NORMAL:%PROFILE_MEDIUM'))).client).toBe('TLS_WEAK_KEY')
    expect((await meet(server, trusting('NORMAL:%PROFILE_LOW'))).client).toBe('connected')
  })

  test('lets OpenSSL refuse it first where OpenSSL verifies and its level can', async () => {
    const server = makeIdentity('localhost', 'rsa-1024', ca)
    const { options } = trusting(NEW)
    const verifying = { ...options, sessionIdContext: 'any' } as ConnectOptions
    const result = await meet(server, { priority: `${NEW}:%PROFILE_MEDIUM`, options: verifying })
    expect(result.client).toBe('TLS_HANDSHAKE_FAILED')
  })

  // With such a name for its sessions, OpenSSL alone knows who is trusted, and verifies.
  const verifying = { sessionIdContext: 'any' }

  test('holds chains to the string also where OpenSSL verifies them', async () => {
    const visit = async (server: Identity, priority: string, root = ca): Promise<string> => {
      const { options } = trusting(priority, root)
      return (await meet(server, { priority, options: { ...options, ...verifying } })).client
    }
    const medium = 'NORMAL:%PROFILE_MEDIUM'
    expect(await visit(makeIdentity('localhost', 'rsa-2048', ca), medium)).toBe('connected')
    const small = makeIdentity('localhost', 'rsa-1024', ca)
    expect(await visit(small, medium)).toBe('TLS_WEAK_KEY')
    expect(await visit(small, 'NORMAL:%PROFILE_LOW')).toBe('connected')
    const weak = makeIdentity('Weak CA', 'rsa-1024')
    expect(await visit(makeIdentity('localhost', 'rsa-2048', weak), medium, weak)).toBe(
      'TLS_WEAK_KEY',
    )
    const old = makeIdentity('localhost', 'rsa-2048', ca, 'SHA1')
    expect(await visit(old, 'NORMAL')).toBe('TLS_WEAK_SIGNATURE')
    expect(await visit(old, 'NORMAL:%VERIFY_ALLOW_SIGN_WITH_SHA1')).toBe('connected')
    // A root that signed itself by SHA-1 is trusted all the same.
    const root = makeIdentity('Old CA', 'rsa-2048', undefined, 'SHA1')
    expect(await visit(makeIdentity('localhost', 'rsa-2048', root), medium, root)).toBe('connected')
  })

  test('and so are the clients of such a server, if they show any certificate', async () => {
    const server = makeIdentity('localhost', 'rsa-2048', ca)
    const visit = async (priority: string, client?: Identity): Promise<string> => {
      const own = client && { key: client.key, cert: client.certificate }
      const options = {
        requestCert: true,
        rejectUnauthorized: false,
        ca: ca.certificate,
        ...verifying,
      }
      const asked = { priority: LOOSE, options: { ca: ca.certificate, ...own } }
      return (await meet(server, asked, { priority, options })).server
    }
    const guest = makeIdentity('guest', 'rsa-2048', ca)
    const raw = 'NORMAL:-CTYPE-CLI-ALL:+CTYPE-CLI-RAWPK'
    expect(await visit('NORMAL', guest)).toBe('connected')
    expect(await visit(raw, guest)).toBe('TLS_FORBIDDEN_CERTIFICATE')
    expect(await visit(raw)).toBe('connected')
    const small = makeIdentity('guest', 'rsa-1024', ca)
    expect(await visit('NORMAL:%PROFILE_MEDIUM', small)).toBe('TLS_WEAK_KEY')
  })

  test('refuses a trust anchor whose key is below the profile', async () => {
    const weak = makeIdentity('Weak CA', 'rsa-1024')
    const server = makeIdentity('localhost', 'rsa-2048', weak)
    const result = await meet(server, trusting('NORMAL:%PROFILE_MEDIUM', weak))
    expect(result.client).toBe('TLS_WEAK_KEY')
  })

  test('refuses signatures that certificates may not bear', async () => {
    const server = makeIdentity('localhost', 'rsa-2048', ca, 'SHA1')
    expect((await meet(server, trusting('NORMAL'))).client).toBe('TLS_WEAK_SIGNATURE')
    const allowing = trusting('NORMAL:%VERIFY_ALLOW_SIGN_WITH_SHA1')
    expect((await meet(server, allowing)).client).toBe('connected')
  })

  test('does not look at the signature of a self-signed trust anchor', async () => {
    const old = makeIdentity('Old CA', 'rsa-2048', undefined, 'SHA1')
    const server = makeIdentity('localhost', 'rsa-2048', old)
    const result = await meet(server, trusting('NORMAL:%PROFILE_MEDIUM', old))
    expect(result.client).toBe('connected')
  })

  test('asks a hash of a signature for the strength of the profile', async () => {
    const large = makeIdentity('Large CA', 'rsa-3072')
    const server = makeIdentity('localhost', 'rsa-3072', large, 'SHA224')
    const medium = await meet(server, trusting('NORMAL:%PROFILE_MEDIUM', large))
    expect(medium.client).toBe('connected')
    const high = await meet(server, trusting('NORMAL:%PROFILE_HIGH', large))
    expect(high.client).toBe('TLS_WEAK_SIGNATURE')
  })

  test('reads the hash of RSA-PSS out of its parameters', async () => {
    const server = makeIdentity('localhost', 'rsa-2048', ca, 'PSS-SHA256')
    expect((await meet(server, trusting('NORMAL'))).client).toBe('connected')
  })

  test('holds clients to the profile too', async () => {
    const server = makeIdentity('localhost', 'rsa-2048', ca)
    const client = makeIdentity('guest', 'rsa-1024', ca)
    const options = { requestCert: true, ca: ca.certificate }
    const result = await meet(
      server,
      {
        priority: LOOSE,
        options: { ca: ca.certificate, key: client.key, cert: client.certificate },
      },
      { priority: 'NORMAL:%PROFILE_MEDIUM', options },
    )
    expect(result.server).toBe('TLS_WEAK_KEY')
  })

  test('refuses X.509 where the string allows other certificates alone', async () => {
    const server = makeIdentity('localhost', 'rsa-2048', ca)
    const guest = makeIdentity('guest', 'rsa-2048', ca)
    const credentials = { ca: ca.certificate, key: guest.key, cert: guest.certificate }
    const visit = async (priority: string): Promise<string> => {
      const accept = { priority, options: { requestCert: true, ca: ca.certificate } }
      return (await meet(server, { priority: LOOSE, options: credentials }, accept)).server
    }
    expect(await visit('NORMAL:-CTYPE-CLI-ALL:+CTYPE-CLI-RAWPK')).toBe('TLS_FORBIDDEN_CERTIFICATE')
    expect(await visit('NORMAL:-CTYPE-CLI-ALL:+CTYPE-CLI-RAWPK:+CTYPE-CLI-X509')).toBe('connected')
    expect(await visit('NORMAL:-CTYPE-CLI-ALL')).toBe('connected')
  })

  test('accepts a peer with the extended master secret where it is required', async () => {
    const server = makeIdentity('localhost', 'rsa-2048', ca)
    const forced = 'NORMAL:-VERS-TLS1.3:%FORCE_SESSION_HASH'
    expect((await meet(server, trusting(forced))).client).toBe('connected')
    const without = await meet(server, trusting(forced), { priority: 'NORMAL:%NO_SESSION_HASH' })
    expect(without.client).toBe('TLS_NO_EXTENDED_MASTER_SECRET')
    const strict = await meet(server, trusting('NORMAL:-VERS-TLS1.3:%NO_SESSION_HASH'), {
      priority: forced,
    })
    expect(strict.server).toBe('TLS_NO_EXTENDED_MASTER_SECRET')
  })

  test('lets no * stand for a name under %DISABLE_WILDCARDS', async () => {
    const server = makeIdentity('*.example.org', 'rsa-2048', ca)
    const named = (priority: string): Side<ConnectOptions> => ({
      priority,
      options: { ca: ca.certificate, servername: 'a.example.org' },
    })
    expect((await meet(server, named('NORMAL'))).client).toBe('connected')
    const strict = await meet(server, named('NORMAL:%DISABLE_WILDCARDS'))
    expect(strict.client).toBe('TLS_HANDSHAKE_FAILED')
  })

  test('refuses a shared key that the string does not allow', async () => {
    const server = makeIdentity('localhost', 'rsa-2048', ca)
    const pskCallback = () => ({ psk: Buffer.alloc(16, 1), identity: 'guest' })
    const connecting = connectTls(duplexPair()[0], tlsOptionsFor('NORMAL', { role: 'client' }), {
      pskCallback,
      ca: server.certificate,
    })
    await expect(connecting).rejects.toThrow('does not allow the pre-shared key')
  })
})
