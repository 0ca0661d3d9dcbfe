import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { runClientHandshake, runServerHandshake } from '../../src/tls/handshake.ts'
import { describeRefusal, handshakeError } from '../../src/tls/handshake-error.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { makeX509Folder, x509Credentials } from '../nbd/nbd-credentials.ts'
import { makeIdentity } from './certificates.ts'
import { codeOf } from './handshake-code.ts'

test('a handshake that cannot even begin ends in words, and the connection with it', async () => {
  const [connection] = duplexPair()
  const options = { context: createSecureContext({ ca: [] }), minDHSize: -1 }
  await expect(runClientHandshake(connection, options)).rejects.toThrow(DiagnosticError)
  expect(connection.destroyed).toBe(true)
})

test('a client asks for the name that it was given (SNI), and for none without', async () => {
  const greeting = async (servername?: string): Promise<string> => {
    const [near, far] = duplexPair()
    const options = { context: createSecureContext({ ca: [] }), servername }
    const handshake = runClientHandshake(near, options).catch(() => undefined)
    const [bytes] = (await once(far, 'data')) as [Buffer]
    near.destroy()
    await handshake
    return bytes.toString('latin1')
  }
  // The extension server_name with a list of one host name (RFC 6066 section 3).
  const named = '\x00\x00\x00\x0f\x00\x0d\x00\x00\x0aguest.test'
  expect(await greeting('guest.test')).toContain(named)
  expect(await greeting()).not.toContain('guest.test')
})

test.each([
  ['nothing', ''],
  ['half a record', '\x16\x03\x01\x02'],
])('a client that leaves after %s is not waited for', async (_, said) => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [connection] = (await once(server, 'connection')) as [Socket]
  const { certificate: cert, key } = makeIdentity('localhost', 'ec-P-256')
  const context = createSecureContext({ cert, key })
  const handshake = runServerHandshake(connection, { context, timeout: 0x7fffffff })
  client.end(said)
  await expect(handshake).rejects.toThrow('the peer closed the connection')
  expect(connection.destroyed).toBe(true)
  server.close()
})

const REFUSED = 'TLS_REFUSED_BY_PEER'
const UNSHARED = 'TLS_NOTHING_SHARED'
const FAILED = 'TLS_HANDSHAKE_FAILED'

/** The numbers of alerts (RFC 8446 section 6, RFC 5246, RFC 6066), and what a client makes of them. */
const ALERTS: readonly (readonly [number: number, code: string, words: string])[] = [
  [10, FAILED, 'alert'],
  [20, FAILED, 'alert'],
  [40, UNSHARED, 'nothing it allows'],
  [42, REFUSED, 'refuses our certificate'],
  [43, REFUSED, 'cannot use our certificate'],
  [44, REFUSED, 'revoked'],
  [45, REFUSED, 'not valid now'],
  [46, REFUSED, 'refuses our certificate'],
  [47, FAILED, 'alert'],
  [48, REFUSED, 'the authority of our certificate'],
  [49, REFUSED, 'does not let us in'],
  [50, FAILED, 'alert'],
  [51, FAILED, 'alert'],
  [70, UNSHARED, 'no version'],
  [71, UNSHARED, 'too weak'],
  [80, FAILED, 'alert'],
  [86, FAILED, 'alert'],
  [90, FAILED, 'alert'],
  [109, FAILED, 'alert'],
  [110, FAILED, 'unsupported extension'],
  [112, REFUSED, 'no host of the name'],
  [113, FAILED, 'status response'],
  [115, REFUSED, 'does not know our user'],
  [116, REFUSED, 'demands a certificate'],
  [120, FAILED, 'alert'],
]

test.each(ALERTS)('the alert %i of a server is %s', async (number, code, words) => {
  const [near, far] = duplexPair()
  far.once('data', () => far.write(Buffer.of(0x15, 3, 3, 0, 2, 2, number)))
  const handshake = runClientHandshake(near, { context: createSecureContext({ ca: [] }) })
  const error = await handshake.catch((reason: DiagnosticError) => reason)
  expect(await codeOf(Promise.reject(error))).toBe(code)
  const { cause, diagnostics } = error as DiagnosticError
  expect(diagnostics[0]?.message).toContain(words)
  // A client of TLS 1.3 may get it behind its handshake, as an error of its socket.
  expect(describeRefusal(cause)?.code).toBe(code === REFUSED ? REFUSED : undefined)
})

/** Reasons and codes as node:tls gives them. */
test.each([
  [{ code: 'ECONNRESET' }, 'TLS_CONNECTION_CLOSED', 'closed'],
  [{ code: 'EPIPE' }, 'TLS_CONNECTION_CLOSED', 'closed'],
  [{ code: 'ETIMEDOUT' }, FAILED, 'as it was'],
  [{ reason: 'no shared cipher' }, UNSHARED, 'no cipher suite'],
  [{ reason: 'unsupported protocol' }, UNSHARED, 'no version'],
  [{ reason: 'no suitable signature algorithm' }, UNSHARED, 'no signature'],
  [{ reason: 'no suitable key share' }, UNSHARED, 'no group'],
  [{ reason: 'no suitable groups' }, UNSHARED, 'no group'],
  [{ reason: 'wrong version number' }, FAILED, 'what came is no TLS'],
  [{ reason: 'packet length too long' }, FAILED, 'what came is no TLS'],
  [{ reason: 'http request' }, FAILED, 'but HTTP'],
  [{ reason: 'bad signature' }, FAILED, 'bad signature'],
  [{ reason: 'a tlsv1 alert unknown ca' }, FAILED, 'a tlsv1 alert unknown ca'],
  [{ reason: 'sslv3 alert bad certificate' }, REFUSED, 'refuses our certificate'],
  [{}, FAILED, 'as it was'],
])('%o is told in words', (fields, code, words) => {
  const cause = Object.assign(new Error('as it was'), fields)
  const error = handshakeError(cause)
  expect(error.cause).toBe(cause)
  expect(error.diagnostics).toMatchObject([{ code, message: expect.stringContaining(words) }])
  expect(describeRefusal(cause)?.code).toBe(code === REFUSED ? REFUSED : undefined)
})

test('what is no error refuses nothing', () => {
  for (const value of [undefined, null, 'tlsv1 alert unknown ca', {}]) {
    expect(describeRefusal(value)).toBeUndefined()
  }
})

test.each([1, 2])(
  'a connection that closes with message %i of its client is told as closed',
  async (last) => {
    const dir = makeX509Folder()
    const [near, far] = duplexPair()
    let count = 0
    // The second one ends the handshake: it is done, and there is no session any more.
    far.on('data', () => ++count === last && far.destroy())
    const properties = { endpoint: 'server', dir }
    const objects = TlsObjects.create([{ type: 'tls-creds-x509', id: 't', properties }])
    const client = x509Credentials(dir).connect(near, { hostname: 'localhost' })
    client.then(({ socket }) => socket.on('error', () => {})).catch(() => {})
    const accepted = objects.credentials('t', 'server').accept(far)
    await expect(accepted).rejects.toMatchObject({
      diagnostics: [{ code: 'TLS_CONNECTION_CLOSED' }],
    })
    expect(count).toBe(last)
    near.destroy()
  },
)
