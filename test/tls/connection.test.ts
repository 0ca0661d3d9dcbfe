/** acceptTls and connectTls: what node:tls does for its own servers, and an end to every wait. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import {
  type ConnectionOptions,
  createSecureContext,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { tlsOptionsFor } from '../../src/library/tls.ts'
import {
  type AcceptOptions,
  acceptTls,
  type ConnectOptions,
  connectTls,
} from '../../src/tls/connection.ts'
import { checkSession } from '../../src/tls/session-check.ts'
import type { TlsSettings } from '../../src/tls/tls-options.ts'
import { type Identity, makeIdentity } from './certificates.ts'
import { codeOf } from './handshake-code.ts'

const authority = makeIdentity('Root CA', 'rsa-2048')
const server = makeIdentity('localhost', 'ec-prime256v1', authority)
const client = makeIdentity('guest', 'ec-prime256v1', authority)
const stranger = makeIdentity('guest', 'ec-prime256v1')

const accepting = tlsOptionsFor('NORMAL', { role: 'server' })
const connecting = tlsOptionsFor('NORMAL', { role: 'client' })

const warnings: unknown[] = []
const warn = (warning: Error & { readonly code?: string }) => void warnings.push(warning.code)
process.on('warning', warn)
afterAll(() => void process.off('warning', warn))

/** The two ends of a connection over TCP. */
async function connectedPair(): Promise<{ near: Socket; far: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const near = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [far] = (await once(listener, 'connection')) as [Socket]
  for (const socket of [near, far]) {
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
  }
  listener.close()
  return { near, far }
}

async function accept(
  far: Socket,
  options: AcceptOptions = {},
  priority = 'NORMAL',
): Promise<TLSSocket> {
  const credentials = { key: server.key, cert: server.certificate }
  const settings = tlsOptionsFor(priority, { role: 'server' })
  return acceptTls(far, settings, { ...credentials, ...options })
}

/** Runs a client of node:tls against acceptTls; gives the server's socket. */
async function serve(
  options: AcceptOptions,
  identity?: Identity,
  more: ConnectionOptions = {},
): Promise<TLSSocket> {
  const { near, far } = await connectedPair()
  const peer = tlsConnect({
    socket: near,
    servername: 'localhost',
    ca: authority.certificate,
    ...(identity ? { key: identity.key, cert: identity.certificate } : {}),
    ...more,
  })
  peer.on('error', () => {})
  return accept(far, options)
}

describe('a peer that says nothing', () => {
  const patience = { handshakeTimeout: 50 }

  test('ends acceptTls, and the connection with it', async () => {
    const { near, far } = await connectedPair()
    expect(await codeOf(accept(far, patience))).toBe('TLS_HANDSHAKE_TIMEOUT')
    expect(far.destroyed).toBe(true)
    if (!near.destroyed) await once(near.resume(), 'close')
  })

  test('ends connectTls, and the connection with it', async () => {
    const { near, far } = await connectedPair()
    const secured = connectTls(near, connecting, patience)
    expect(await codeOf(secured)).toBe('TLS_HANDSHAKE_TIMEOUT')
    expect(near.destroyed).toBe(true)
    if (!far.destroyed) await once(far.resume(), 'close')
  })

  test('ends connectTls after it has begun to answer', async () => {
    const { near, far } = await connectedPair()
    far.once('data', () => far.write(Buffer.from([0x16, 3, 3, 0x40, 0, 2])))
    const secured = connectTls(near, connecting, patience)
    expect(await codeOf(secured)).toBe('TLS_HANDSHAKE_TIMEOUT')
  })

  test('has as long as node can wait, where more is given', async () => {
    const { near, far } = await connectedPair()
    const options = { ca: authority.certificate, servername: 'localhost' }
    const long = { handshakeTimeout: Number.POSITIVE_INFINITY }
    const accepted = accept(far, long)
    const connected = connectTls(near, connecting, { ...options, ...long })
    expect(await codeOf(Promise.all([accepted, connected]))).toBe('secured')
  })
})

describe('a connection that ends', () => {
  test('before the handshake ends both', async () => {
    for (const secure of [
      (socket: Socket) => accept(socket),
      (socket: Socket) => connectTls(socket, connecting, {}),
    ]) {
      const { near, far } = await connectedPair()
      const code = codeOf(secure(far))
      near.destroy()
      expect(await code).toBe('TLS_CONNECTION_CLOSED')
    }
  })

  test('already, ends both', async () => {
    const { far } = await connectedPair()
    far.destroy()
    expect(await codeOf(accept(far))).toBe('TLS_CONNECTION_CLOSED')
    expect(await codeOf(connectTls(far, connecting, {}))).toBe('TLS_CONNECTION_CLOSED')
  })

  test('with bytes that are no TLS is a failure of the handshake', async () => {
    const { near, far } = await connectedPair()
    near.write('GET / HTTP/1.0\r\n\r\n')
    expect(await codeOf(accept(far))).toBe('TLS_HANDSHAKE_FAILED')
    expect(far.destroyed).toBe(true)
  })
})

describe('acceptTls, as a server of node:tls', () => {
  const asking = { requestCert: true, ca: authority.certificate }

  test('refuses a client without a certificate, or with one of an unknown authority', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const none = codeOf(serve(asking, undefined, { maxVersion }))
      expect(await none).toBe('TLS_HANDSHAKE_FAILED')
      const unknown = codeOf(serve(asking, stranger, { maxVersion }))
      expect(await unknown).toBe('TLS_CERTIFICATE_NO_ISSUER')
      expect((await serve(asking, client, { maxVersion })).authorized).toBe(true)
    }
  })

  test('tells of such a client where the caller decides', async () => {
    const lenient = { ...asking, rejectUnauthorized: false }
    const socket = await serve(lenient, stranger)
    expect(socket.authorized).toBe(false)
    expect(socket.authorizationError).toBe('TLS_CERTIFICATE_NO_ISSUER')
    expect((await serve(lenient, client)).authorized).toBe(true)
  })

  test('agrees on a protocol (ALPN)', async () => {
    const socket = await serve({ ALPNProtocols: ['nbd', 'h2'] }, undefined, {
      ALPNProtocols: ['h2'],
    })
    expect(socket.alpnProtocol).toBe('h2')
    const code = await codeOf(
      serve({ ALPNProtocols: ['nbd'] }, undefined, { ALPNProtocols: ['h2'] }),
    )
    expect(code).toBe('TLS_HANDSHAKE_FAILED')
  })

  test('asks the caller for the certificate of a name (SNI)', async () => {
    const names: string[] = []
    const { key, certificate: cert } = server
    await serve({
      SNICallback: (name, done) => {
        names.push(name)
        done(null, createSecureContext({ key, cert }))
      },
    })
    expect(names).toEqual(['localhost'])
  })

  test('hands over what the client sent with the last message of the handshake', async () => {
    const { near, far } = await connectedPair()
    const peer = tlsConnect({ socket: near, servername: 'localhost', ca: authority.certificate })
    peer.write('early')
    const socket = await accept(far)
    await new Promise((resolve) => setImmediate(resolve))
    const [data] = await once(socket, 'data')
    expect(String(data)).toBe('early')
  })

  test('ends a session whose records are changed on their way', async () => {
    const { near, far } = await connectedPair()
    const peer = tlsConnect({ socket: near, servername: 'localhost', ca: authority.certificate })
    peer.on('error', () => {})
    const [socket] = await Promise.all([accept(far), once(peer, 'secureConnect')])
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.resume().once('close', resolve))
    near.write(FORGED_RECORD)
    await closed
  })
})

test('a session that has ended passes no check', async () => {
  const socket = await serve({})
  checkSession(socket, accepting)
  socket.destroy()
  expect(() => checkSession(socket, accepting)).toThrow(/version/)
})

/** Application data of TLS 1.3 that no key of the session fits. */
const FORGED_RECORD = Buffer.from([0x17, 3, 3, 0, 32, ...Buffer.alloc(32)])

test('what is no stream is refused by the name of its argument', async () => {
  const refused = expect.objectContaining({
    diagnostics: [expect.objectContaining({ message: expect.stringContaining('connection') })],
  })
  await expect(connectTls(5 as never, connecting, {})).rejects.toThrow(refused)
  await expect(acceptTls({} as never, accepting, {})).rejects.toThrow(refused)
})

type Secure = (connection: Socket, settings: TlsSettings, options: object) => Promise<TLSSocket>

test.each(['connection', 'settings', 'options'])(
  '%s of another type are refused by name',
  async (name) => {
    const refused = expect.objectContaining({
      diagnostics: [expect.objectContaining({ message: expect.stringMatching(`^\`${name}\` `) })],
    })
    const asked = async (call: Secure, settings: TlsSettings) => {
      const { near } = await connectedPair()
      const given = { connection: near, settings, options: {}, [name]: 5 }
      return call(given.connection as Socket, given.settings as TlsSettings, given.options)
    }
    await expect(asked(connectTls, connecting)).rejects.toThrow(refused)
    await expect(asked(acceptTls, accepting)).rejects.toThrow(refused)
  },
)

test('connectTls cannot be given a context that is looser than the string', async () => {
  const { near, far } = await connectedPair()
  const loose = createSecureContext({ ca: authority.certificate })
  const options = { servername: 'localhost', secureContext: loose } as ConnectOptions
  const accepted = codeOf(accept(far))
  expect(await codeOf(connectTls(near, connecting, options))).toBe('LIBRARY_ARGUMENT')
  await accepted
})

describe('connectTls', () => {
  const other = makeIdentity('localhost', 'ec-secp384r1')
  const strange = { key: other.key, cert: other.certificate }
  const trusting = { ca: authority.certificate, servername: 'localhost' }

  /** What becomes of the client's side. */
  async function visit(
    options: ConnectOptions,
    identity: AcceptOptions = strange,
    settings: TlsSettings = connecting,
  ): Promise<TLSSocket> {
    const { near, far } = await connectedPair()
    acceptTls(far, accepting, identity).catch(() => {})
    return connectTls(near, settings, options)
  }

  test('refuses a server that is not verified, whatever the environment says', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    onTestFinished(() => {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    })
    expect(await codeOf(visit(trusting))).toBe('TLS_CERTIFICATE_NO_ISSUER')
  })

  test('tells of such a server where the caller decides, and of no good one', async () => {
    const lenient = { ...trusting, rejectUnauthorized: false }
    const socket = await visit(lenient)
    expect(socket.authorized).toBe(false)
    expect(socket.authorizationError).toBe('TLS_CERTIFICATE_NO_ISSUER')
    const own = { key: server.key, cert: server.certificate }
    expect((await visit(lenient, own)).authorized).toBe(true)
  })

  test('refuses weak keys all the same', async () => {
    const weak = makeIdentity('localhost', 'rsa-1024')
    const lenient = { ...trusting, rejectUnauthorized: false }
    const identity = { key: weak.key, cert: weak.certificate }
    const settings = tlsOptionsFor('NORMAL:%PROFILE_MEDIUM', { role: 'client' })
    expect(await codeOf(visit(lenient, identity, settings))).toBe('TLS_WEAK_KEY')
  })
})

describe('a shared key of the caller', () => {
  const psk = Buffer.alloc(32, 7)

  /** What both sides make of a string; each has a certificate too. */
  async function meet(priority: string): Promise<readonly string[]> {
    const { near, far } = await connectedPair()
    const accepted = accept(far, { pskCallback: () => psk }, priority)
    const options = { ca: authority.certificate, servername: 'localhost' }
    const pskCallback = () => ({ psk, identity: 'guest' })
    const settings = tlsOptionsFor(priority, { role: 'client' })
    const connected = connectTls(near, settings, { ...options, pskCallback })
    return Promise.all([codeOf(accepted), codeOf(connected)])
  }

  // OpenSSL adds a fresh exchange to a key in TLS 1.3, so that it has to be allowed.
  test.each([
    ['NORMAL', 'TLS_PSK_NOT_ALLOWED'],
    ['NORMAL:+PSK', 'TLS_PSK_NOT_ALLOWED'],
    // GnuTLS has no TLS 1.3 beside it.
    ['NORMAL:+RSA-PSK', 'secured'],
    ['NORMAL:+DHE-PSK', 'secured'],
    ['NORMAL:+ECDHE-PSK', 'secured'],
    ['NORMAL:-VERS-TLS1.3', 'TLS_PSK_NOT_ALLOWED'],
    ['NORMAL:-VERS-TLS1.3:+PSK', 'secured'],
    ['NORMAL:-VERS-TLS1.3:+ECDHE-PSK', 'secured'],
  ])('%s: %s', async (priority, code) => {
    expect(await meet(priority)).toEqual([code, code])
  })
})

test('a server of TLS 1.3 sends no tickets, and warns of nothing', async () => {
  const { near, far } = await connectedPair()
  const peer = tlsConnect({ socket: near, servername: 'localhost', ca: authority.certificate })
  const sessions: Buffer[] = []
  peer.on('session', (session) => void sessions.push(session))
  const socket = await accept(far)
  socket.write('said')
  await once(peer, 'data')
  expect(peer.getProtocol()).toBe('TLSv1.3')
  expect(sessions).toEqual([])
  await new Promise((resolve) => setImmediate(resolve))
  // A process is told once: no test of this file may have been the first.
  expect(warnings).not.toContain('TLS_SESSION_TICKETS')
})

test.each([
  ...['minVersion', 'maxVersion', 'ciphers', 'ecdhCurve', 'sigalgs', 'honorCipherOrder'],
  ...['secureOptions', 'dhparam', 'minDHSize', 'secureProtocol', 'secureContext', 'session'],
])('%s is decided by the string alone', async (option) => {
  for (const call of [connectTls, acceptTls] as Secure[]) {
    const { near } = await connectedPair()
    const settings = call === acceptTls ? accepting : connecting
    expect(await codeOf(call(near, settings, { [option]: null }))).toBe('LIBRARY_ARGUMENT')
    expect(near.destroyed).toBe(true)
  }
})

test.each([
  { handshakeTimeout: -1 },
  { handshakeTimeout: '1' },
  { pskCallback: {} },
  { requestCert: 1 },
  { rejectUnauthorized: 0 },
])('%o is refused, and so are the settings of the other side', async (options) => {
  const [one, two] = [await connectedPair(), await connectedPair()]
  expect(await codeOf(connectTls(one.near, connecting, options as never))).toBe('LIBRARY_ARGUMENT')
  expect(await codeOf(acceptTls(one.far, accepting, options as never))).toBe('LIBRARY_ARGUMENT')
  expect(await codeOf(connectTls(two.near, accepting, {}))).toBe('LIBRARY_ARGUMENT')
  expect(await codeOf(acceptTls(two.far, connecting, {}))).toBe('LIBRARY_ARGUMENT')
})
