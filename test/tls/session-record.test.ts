import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type SecureVersion, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { negotiatedGroup } from '../../src/tls/session-check.ts'
import { hasExtendedMasterSecret, keyExchangeGroup } from '../../src/tls/session-record.ts'
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

/** `SSL_SESSION` of OpenSSL with one field: `SEQUENCE { [tag] { INTEGER } }`. */
function sessionWith(tag: number, integer: string, sequence = 0x30): Buffer {
  const value = Buffer.from(integer, 'hex')
  const field = Buffer.concat([Buffer.of(tag, value.length + 2, 2, value.length), value])
  return Buffer.concat([Buffer.of(sequence, field.length), field])
}

const FLAGS = 0xad
const GROUP = 0xb3

test.each([
  ['01', true],
  ['02', false],
  ['03', true],
  ['00', false],
  ['', false],
  // A sign byte, and the 32 bits behind it.
  ['0080000001', true],
  ['0180000000', false],
  ['ffff0001', true],
])('the flags %s say whether the secret is bound to the handshake: %s', (flags, isBound) => {
  const session = sessionWith(FLAGS, flags)
  expect(hasExtendedMasterSecret(session)).toBe(isBound)
  expect(keyExchangeGroup(session)).toBe(0)
  // What newer releases of Node write before it: a mark, and the server's name with its length.
  const header = Buffer.from('\0nodejs:tls:session:1\0\0\x05guest', 'latin1')
  expect(hasExtendedMasterSecret(Buffer.concat([header, session]))).toBe(isBound)
})

test('a group of the key exchange is a number of 16 bits, and says nothing of the secret', () => {
  expect(keyExchangeGroup(sessionWith(GROUP, '1d'))).toBe(0x1d)
  expect(keyExchangeGroup(sessionWith(GROUP, '11ec'))).toBe(0x11ec)
  expect(keyExchangeGroup(sessionWith(GROUP, '00fafa'))).toBe(0xfafa)
  expect(hasExtendedMasterSecret(sessionWith(GROUP, '1d'))).toBe(false)
})

test('what is no session proves nothing', () => {
  expect(hasExtendedMasterSecret(undefined)).toBe(false)
  expect(hasExtendedMasterSecret(Buffer.alloc(0))).toBe(false)
  expect(hasExtendedMasterSecret(sessionWith(FLAGS, '01', 0x31))).toBe(false)
})
