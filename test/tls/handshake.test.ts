import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { runClientHandshake, runServerHandshake } from '../../src/tls/handshake.ts'
import { makeIdentity } from './certificates.ts'

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
