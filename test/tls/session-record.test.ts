import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type SecureVersion, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { negotiatedGroup } from '../../src/tls/session-check.ts'
import { keyExchangeGroup } from '../../src/tls/session-record.ts'
import { makeIdentity } from './certificates.ts'

/** The server's side of a handshake with one group. */
async function accept(group: string, version: SecureVersion): Promise<TLSSocket> {
  const { certificate: cert, key } = makeIdentity('server', 'ec-prime256v1')
  const server = createServer({ cert, key, ecdhCurve: `${group}:prime256v1` }).listen(0)
  const { port } = server.address() as AddressInfo
  const options = { rejectUnauthorized: false, ecdhCurve: `${group}:prime256v1` }
  const client = connect({ port, maxVersion: version, ...options })
  const [socket] = (await once(server, 'secureConnection')) as [TLSSocket]
  client.destroy()
  server.close()
  return socket
}

test.each([
  ['X25519', 'TLSv1.3', 'x25519'],
  ['X25519MLKEM768', 'TLSv1.3', 'X25519MLKEM768'],
  ['secp384r1', 'TLSv1.3', 'secp384r1'],
  ['secp384r1', 'TLSv1.2', 'secp384r1'],
  ['ffdhe2048', 'TLSv1.3', 'ffdhe2048'],
] as const)('a server knows that %s was used in %s', async (group, version, name) => {
  const socket = await accept(group, version)
  expect(negotiatedGroup(socket)?.toLowerCase()).toBe(name.toLowerCase())
  socket.destroy()
})

test('a session that says nothing has no group', () => {
  expect(keyExchangeGroup(undefined)).toBe(0)
  expect(keyExchangeGroup(Buffer.from('3000', 'hex'))).toBe(0)
  expect(keyExchangeGroup(Buffer.from('not DER'))).toBe(0)
})
